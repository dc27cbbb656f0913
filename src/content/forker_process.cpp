// SPDX-License-Identifier: MIT
#include "sluice/content/forker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <utility>

#include "sluice/content/messages.h"

namespace sluice::content {
namespace {

constexpr int kControl = 3;
constexpr std::chrono::seconds kEnd{2};

// What posix_spawn takes, given back by itself.
class SpawnActions {
 public:
  SpawnActions() {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnActions() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  // Its only files are /dev/null and the control; its signals are as for any new program, and those
  // of a terminal are not for it.
  int spawn(const std::string& program, int control, pid_t& pid) {
    for (int fd = 0; fd < kControl; ++fd)
      ::posix_spawn_file_actions_addopen(&files_, fd, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&files_, control, kControl);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    std::string name = "sluice-inspector";
    std::array<char*, 2> arguments{name.data(), nullptr};
    std::array<char*, 1> environment{nullptr};
    return ::posix_spawn(&pid, program.c_str(), &files_, &attributes_, arguments.data(),
                         environment.data());
  }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

// Waits for the end of a child, and makes one if it does not come.
void bury(pid_t pid) noexcept {
  const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (process && !wait_for(process.get(), Clock::now() + kEnd))
    ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
  // A process in a call that cannot be interrupted stays; it is not waited for.
  if (process && !wait_for(process.get(), Clock::now() + kEnd)) return;
  retry_interrupted([&] { return ::waitpid(pid, nullptr, 0); });
}

}  // namespace

Result<ForkerProcess, Error> ForkerProcess::start(const Job& job) {
  const std::string what = "cannot start `" + job.program + "`";
  auto ends = packet_pair();
  if (!ends) return fail(Error::of(what, ends.error()));
  pid_t pid = -1;
  if (const int error = SpawnActions{}.spawn(job.program, ends->second.get(), pid); error != 0)
    return fail(Error::of(what, Errno::from(error)));
  ends->second.reset();
  ForkerProcess process{std::move(ends->first), pid};
  TRY(process.prepare(job));
  return process;
}

Result<void, Error> ForkerProcess::prepare(const Job& job) {
  const std::string what = "`" + job.program + "`";
  const std::array<int, 1> files{job.sets};
  const Command command{Order::prepare, 0, job.memory};
  if (auto sent = send_packet(control_.get(), encode(command), files); !sent)
    return fail(Error::of(what + " ended", sent.error()));
  if (auto came = wait_for(control_.get(), Clock::now() + job.timeout); !came)
    return fail(Error::of(what + " does not become ready", came.error()));
  auto packet = receive_packet(control_.get(), 0, Wait::no);
  if (!packet)
    return fail(
        Error{what + " ended before it was ready; is it of another version?", packet.error()});
  auto readiness = decode_readiness(packet->bytes);
  if (!readiness) return fail(Error{what + " is of another version; install it again", EPROTO});
  if (!readiness->error.empty()) return fail(Error{std::move(readiness->error)});
  missing_ = std::move(readiness->missing);
  return {};
}

ForkerProcess::ForkerProcess(ForkerProcess&& other) noexcept
    : control_{std::move(other.control_)},
      pid_{std::exchange(other.pid_, -1)},
      missing_{std::move(other.missing_)} {}

ForkerProcess::~ForkerProcess() {
  if (pid_ < 0) return;
  control_.reset();
  bury(pid_);
}

Result<Fd> ForkerProcess::fork(std::uint32_t number) {
  auto ends = TRY(packet_pair());
  constexpr int kYes = 1;
  TRY(checked(::setsockopt(ends.first.get(), SOL_SOCKET, SO_PASSCRED, &kYes, sizeof kYes)));
  const std::array<int, 1> line{ends.second.get()};
  TRY(send_packet(control_.get(), encode(Command{Order::fork, number, 0}), line, Wait::no));
  return std::move(ends.first);
}

void ForkerProcess::end(std::uint32_t number) noexcept try {
  // If there is no room it has not read for long: then the next fork fails, and all are ended.
  static_cast<void>(
      send_packet(control_.get(), encode(Command{Order::end, number, 0}), {}, Wait::no));
} catch (const std::bad_alloc&) {
  return;
}

}  // namespace sluice::content
