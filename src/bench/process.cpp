// SPDX-License-Identifier: MIT
#include "sluice/bench/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace sluice::bench {
namespace {

using std::chrono::milliseconds;

// More than any of our programs writes; the rest is read and dropped, so that none blocks.
constexpr std::size_t kMaxCaptured = 4u << 20;
constexpr milliseconds kDeathTime{2000};

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  TRY(checked(::pipe2(ends.data(), O_CLOEXEC)));
  Pipe pipe{Fd{ends[0]}, Fd{ends[1]}};
  TRY(checked(::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK)));
  return pipe;
}

int milliseconds_until(Clock::time_point deadline) {
  auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 60'000));
}

// Reads what is there now; closes the descriptor at its end.
void drain(Fd& from, std::string& into) {
  std::array<char, 65536> room;
  while (from) {
    ssize_t got = retry_interrupted([&] { return ::read(from.get(), room.data(), room.size()); });
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return from.reset();
    std::size_t wanted = std::min(static_cast<std::size_t>(got), kMaxCaptured - into.size());
    into.append(room.data(), wanted);
  }
}

std::string_view variable_name(std::string_view setting) {
  return setting.substr(0, setting.find('='));
}

// Gives the environment with `changes` in it, as execve(2) wants it; borrows both.
std::vector<char*> environment_with(const std::vector<std::string>& changes) {
  std::vector<char*> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    bool replaced = std::ranges::any_of(changes, [&](const std::string& change) {
      return variable_name(change) == variable_name(*entry);
    });
    if (!replaced) result.push_back(*entry);
  }
  for (const std::string& change : changes) result.push_back(const_cast<char*>(change.c_str()));
  result.push_back(nullptr);
  return result;
}

// posix_spawn's two option objects, destroyed together.
class SpawnOptions {
 public:
  SpawnOptions() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnOptions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  void streams(const Command& command, int output, int error_output) {
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    if (command.output_file.empty()) {
      ::posix_spawn_file_actions_adddup2(&actions_, output, 1);
    } else {
      ::posix_spawn_file_actions_addopen(&actions_, 1, command.output_file.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, error_output, 2);
    if (!command.directory.empty()) {
      ::posix_spawn_file_actions_addchdir_np(&actions_, command.directory.c_str());
    }
  }

  void own_group_and_default_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes_, &set);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::sigaddset(&set, signal);
    ::posix_spawnattr_setsigdefault(&attributes_, &set);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

Error cannot_run(const Command& command, Errno cause) {
  return Error::of(fmt::format("cannot run `{}`", command.arguments.at(0)), cause);
}

}  // namespace

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

bool Child::ended_by(Clock::time_point deadline) const noexcept {
  pollfd waiting{pidfd_.get(), POLLIN, 0};
  for (;;) {
    int ready = ::poll(&waiting, 1, milliseconds_until(deadline));
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

int Child::reap() noexcept {
  int status = 0;
  retry_interrupted([&] { return ::waitpid(std::exchange(pid_, -1), &status, WNOHANG); });
  pidfd_.reset();
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void Child::end() noexcept {
  if (pid_ <= 0) return;
  // Not reaped yet, so the number still means this group and no other.
  ::kill(-pid_, SIGKILL);
  if (ended_by(Clock::now() + kDeathTime)) {
    reap();
  } else {
    pid_ = -1;
    pidfd_.reset();
  }
}

Result<Child> adopt(pid_t pid) {
  // By number: the wrapper in Debian 12's <sys/pidfd.h> is declared for C only.
  auto pidfd = own(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd) return Child{pid, std::move(*pidfd)};
  ::kill(pid, SIGKILL);
  retry_interrupted([&] { return ::waitpid(pid, nullptr, 0); });
  return fail(pidfd.error());
}

Result<Child, Error> start(const Command& command, int output, int error_output) {
  SpawnOptions options;
  options.streams(command, output, error_output);
  options.own_group_and_default_signals();
  std::vector<char*> arguments;
  for (const std::string& text : command.arguments) {
    arguments.push_back(const_cast<char*>(text.c_str()));
  }
  arguments.push_back(nullptr);
  std::vector<char*> environment = environment_with(command.environment);
  pid_t pid = -1;
  int error = ::posix_spawnp(&pid, arguments[0], options.actions(), options.attributes(),
                             arguments.data(), environment.data());
  if (error != 0) return fail(cannot_run(command, Errno::from(error)));
  auto child = adopt(pid);
  if (!child) return fail(cannot_run(command, child.error()));
  return std::move(*child);
}

Result<Finished, Error> run_process(const Command& command) {
  auto out = make_pipe();
  auto err = make_pipe();
  if (!out || !err) return fail(cannot_run(command, !out ? out.error() : err.error()));
  Finished finished;
  auto begin = Clock::now();
  auto deadline = begin + command.timeout;
  Child child = TRY(start(command, out->write.get(), err->write.get()));
  out->write.reset();
  err->write.reset();
  int stop = command.heed == Heed::stop ? StopSignals::descriptor() : -1;
  for (;;) {
    std::array waiting{pollfd{child.ended_event(), POLLIN, 0}, pollfd{stop, POLLIN, 0},
                       pollfd{out->read.get(), POLLIN, 0}, pollfd{err->read.get(), POLLIN, 0}};
    int ready = ::poll(waiting.data(), waiting.size(), milliseconds_until(deadline));
    if (ready < 0 && errno != EINTR) return fail(cannot_run(command, Errno::last()));
    if (ready > 0 && waiting[0].revents != 0) break;
    if (ready > 0 && waiting[1].revents != 0) return fail(stopped());
    drain(out->read, finished.out);
    drain(err->read, finished.err);
    if (Clock::now() >= deadline) {
      return fail(
          Error{fmt::format("`{}` was not done after {} s", command.arguments.at(0),
                            std::chrono::round<std::chrono::seconds>(command.timeout).count()),
                ETIMEDOUT});
    }
  }
  finished.wall = Clock::now() - begin;
  drain(out->read, finished.out);
  drain(err->read, finished.err);
  finished.exit_code = child.reap();
  return finished;
}

Result<Finished, Error> run_well(const Command& command) {
  Finished finished = TRY(run_process(command));
  if (finished.exit_code == 0) return finished;
  std::string reason = last_line(finished.err);
  if (reason.empty()) reason = last_line(finished.out);
  if (reason.empty()) reason = fmt::format("exit code {}", finished.exit_code);
  return fail(Error{fmt::format("`{}` failed: {}", command.arguments.at(0), reason)});
}

std::string last_line(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  std::size_t end = text.find_last_not_of(kBlank);
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  std::size_t begin = text.rfind('\n');
  if (begin != std::string_view::npos) text.remove_prefix(begin + 1);
  text = text.substr(text.find_first_not_of(kBlank), 200);
  std::string line{text};
  std::ranges::replace_if(
      line, [](char c) { return (c >= 0 && c < ' ') || c == 127; }, ' ');
  return line;
}

}  // namespace sluice::bench
