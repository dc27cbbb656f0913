// SPDX-License-Identifier: MIT
// The process that forks the workers. It has one thread, so that it may fork without an exec, and
// the compiled detectors, so that a new worker has them at once.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "sluice/content/messages.h"
#include "sluice/content/packets.h"
#include "sluice/content/sandbox.h"
#include "sluice/content/worker.h"

namespace sluice::content {
namespace {

using Engines = std::vector<std::unique_ptr<const Engine>>;

constexpr std::size_t kLargestJob = std::size_t{1} << 30;
// More than so many that do not end (a read that hangs in the kernel) means that none is forked.
constexpr std::size_t kMostDying = 64;

Result<Engines, Error> make_engines(Bytes code) {
  auto jobs = decode_jobs(code);
  if (!jobs) return fail(Error{"the inspector was given a job that is none", EPROTO});
  Engines engines;
  for (SetJob& job : *jobs) engines.push_back(TRY(Engine::make(std::move(job.spec), job.saved)));
  return engines;
}

class Forker {
 public:
  explicit Forker(Fd control) : control_{std::move(control)}, pid_{::getpid()} {}

  int run() {
    if (!prepare()) return EXIT_FAILURE;
    for (;;) {
      pollfd poll{control_.get(), POLLIN, 0};
      // Those that were killed and are not gone yet are looked after now and then.
      if (::poll(&poll, 1, dying_.empty() ? -1 : 100) < 0 && errno != EINTR) return EXIT_FAILURE;
      reap();
      if (poll.revents == 0) continue;
      auto packet = receive_packet(control_.get(), 1, Wait::yes);
      if (!packet) return packet.error() == ECONNRESET ? EXIT_SUCCESS : EXIT_FAILURE;
      const auto command = decode_command(packet->bytes);
      if (!command || !obey(*command, std::move(packet->fds))) return EXIT_FAILURE;
    }
  }

 private:
  bool prepare() {
    auto packet = receive_packet(control_.get(), 1, Wait::yes);
    if (!packet) return false;
    const auto command = decode_command(packet->bytes);
    if (!command || command->order != Order::prepare || packet->fds.size() != 1) return false;
    auto missing = take_job(packet->fds.front(), command->memory);
    packet->fds.clear();
    Readiness readiness;
    if (missing) {
      readiness.missing = std::move(*missing);
    } else {
      readiness.error = missing.error().line();
    }
    return send_packet(control_.get(), encode(readiness)).has_value() && readiness.error.empty();
  }

  Result<std::vector<std::string>, Error> take_job(const Fd& file, std::uint64_t memory) {
    const auto code = all_of(file, kLargestJob);
    if (!code) return fail(Error::of("the inspector cannot read its job", code.error()));
    engines_ = TRY(make_engines(*code));
    return give_up_everything(memory);
  }

  bool obey(const Command& command, std::vector<Fd> fds) {
    if (command.order == Order::fork && fds.size() == 1) {
      fork(command.worker, std::move(fds.front()));
      return true;
    }
    if (command.order == Order::end && fds.empty()) {
      end(command.worker);
      return true;
    }
    return false;
  }

  // If it fails the line is closed, which is how the other end learns of it.
  void fork(std::uint32_t number, Fd line) {
    if (workers_.contains(number) || dying_.size() > kMostDying) return;
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(be_worker(std::move(line)));
    if (pid > 0) workers_.emplace(number, pid);
  }

  int be_worker(Fd line) {
    control_.reset();
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return EXIT_FAILURE;
    if (::getppid() != pid_) return EXIT_SUCCESS;  // it was gone before
    if (!give_up_forking()) return EXIT_FAILURE;
    std::vector<const Engine*> engines;
    for (const auto& engine : engines_) engines.push_back(engine.get());
    return run_worker(std::move(line), engines);
  }

  void end(std::uint32_t number) {
    const auto worker = workers_.find(number);
    if (worker == workers_.end()) return;
    ::kill(worker->second, SIGKILL);  // not waited for yet: the number is still its own
    dying_.push_back(worker->second);
    workers_.erase(worker);
    reap();
  }

  void reap() {
    std::erase_if(dying_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  }

  Fd control_;
  pid_t pid_;
  Engines engines_;
  std::map<std::uint32_t, pid_t> workers_;
  std::vector<pid_t> dying_;
};

}  // namespace

int run_forker(Fd control) { return Forker{std::move(control)}.run(); }

}  // namespace sluice::content
