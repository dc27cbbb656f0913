// SPDX-License-Identifier: MIT
// The program is found along PATH, as libfuse does. It is started with a socket as descriptor 3,
// named to it by _FUSE_COMMFD, and with a pipe for what it has to complain about.
#include "fusermount.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <vector>

#include "pass_fd.h"

namespace sluice::mount {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* kProgram = "fusermount3";
constexpr auto kLimit = 20s;
constexpr std::size_t kMostWords = 4096;  // of its complaints; the rest is read and dropped
constexpr int kChildSocket = 3;
constexpr int kAboveChildFds = 10;

struct Pair {
  Fd ours;
  Fd its;
};

// Numbers that the child's 0 to 3 cannot fall on, even if the caller runs with stdio closed.
Result<Pair> above_child_fds(const int (&ends)[2]) noexcept {
  const Fd first{ends[0]};
  const Fd second{ends[1]};
  Pair pair;
  pair.ours = TRY(own(::fcntl(first.get(), F_DUPFD_CLOEXEC, kAboveChildFds)));
  pair.its = TRY(own(::fcntl(second.get(), F_DUPFD_CLOEXEC, kAboveChildFds)));
  return pair;
}

Result<Pair> make_pipe() noexcept {
  int ends[2];
  TRY(checked(::pipe2(ends, O_CLOEXEC | O_NONBLOCK)));
  return above_child_fds(ends);
}

Result<Pair> make_sockets() noexcept {
  int ends[2];
  TRY(checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)));
  return above_child_fds(ends);
}

// Owns the two lists that posix_spawn takes.
class SpawnPlan {
 public:
  SpawnPlan(const Fd& words, const Fd& socket) noexcept {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_adddup2(&actions_, words.get(), STDERR_FILENO);
    if (socket) ::posix_spawn_file_actions_adddup2(&actions_, socket.get(), kChildSocket);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigaddset(&signals, SIGPIPE);
    ::sigaddset(&signals, SIGCHLD);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  Result<pid_t> start(std::vector<std::string>& arguments) const {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    constexpr std::string_view kVariable = "_FUSE_COMMFD=";
    std::string variable = std::string{kVariable} + std::to_string(kChildSocket);
    std::vector<char*> variables{variable.data()};
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      if (!std::string_view{*entry}.starts_with(kVariable)) variables.push_back(*entry);
    }
    variables.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, kProgram, &actions_, &attributes_, argv.data(), variables.data());
    if (error != 0) return fail(Errno::from(error));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Reads what there is now; tells whether the pipe is still open.
bool drain(const Fd& pipe, std::string& words) {
  std::array<char, 512> piece;
  for (;;) {
    const ssize_t size =
        retry_interrupted([&] { return ::read(pipe.get(), piece.data(), piece.size()); });
    if (size < 0) return errno == EAGAIN;
    if (size == 0) return false;
    const std::size_t room = kMostWords - words.size();
    words.append(piece.data(), std::min(room, static_cast<std::size_t>(size)));
  }
}

struct Ended {
  bool well = false;
  std::string words;
};

// Waits until the process has exited; kills it when time is up.
Result<Ended> wait_for(pid_t pid, const Fd& words) {
  Ended ended;
  // The C library of Debian 12 declares pidfd_open() for C only.
  const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  const auto until = Clock::now() + kLimit;
  bool open = true;
  bool late = false;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    late = left <= 0ms;
    if (late) break;
    pollfd waiting[] = {{process.get(), POLLIN, 0}, {open ? words.get() : -1, POLLIN, 0}};
    ::poll(waiting, 2, static_cast<int>(left.count()));
    if (open && waiting[1].revents != 0) open = drain(words, ended.words);
    // Without a pidfd (the caller reaps all children itself) the end of its words has to do.
    if (waiting[0].revents != 0 || (!process && !open)) break;
  }
  int status = 0;
  if (late) {
    // It may itself hang in a mount that is silent, and then not even this ends it soon.
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, WNOHANG);
    return fail(ETIMEDOUT);
  }
  const pid_t reaped = retry_interrupted([&] { return ::waitpid(pid, &status, 0); });
  if (open) drain(words, ended.words);
  // Reaped by somebody else: its silence is the sign of success.
  ended.well = reaped == pid ? WIFEXITED(status) && WEXITSTATUS(status) == 0 : ended.words.empty();
  return ended;
}

Result<Ended> run(std::vector<std::string> arguments, const Fd& socket) {
  Pair words = TRY(make_pipe());
  const SpawnPlan plan{words.its, socket};
  const pid_t pid = TRY(plan.start(arguments));
  words.its.reset();
  return wait_for(pid, words.ours);
}

void add_value(std::string& text, std::string_view key, std::string_view value) {
  text += ',';
  text += key;
  for (char c : value) {
    if (c == ',' || c == '\\') text += '\\';
    text += c;
  }
}

// Its first line, without its own name in front.
std::string_view first_line(std::string_view words) noexcept {
  words = words.substr(0, words.find('\n'));
  const std::string_view prefix = "fusermount3: ";
  if (words.starts_with(prefix)) words.remove_prefix(prefix.size());
  return words;
}

bool says(const Ended& ended, std::string_view words) noexcept {
  return ended.words.find(words) != std::string::npos;
}

Error could_not_run(std::string_view purpose, Errno cause) {
  if (cause == Errno{ENOENT}) {
    return Error{std::string{purpose} +
                     " without privileges needs `fusermount3`; install the package `fuse3`",
                 cause};
  }
  if (cause == Errno{ETIMEDOUT}) return Error{"`fusermount3` did not end in 20 seconds", cause};
  return Error::of("cannot run `fusermount3`", cause);
}

Error refused(std::string_view verb, const std::string& mountpoint, const Ended& ended,
              Errno cause) {
  std::string line = "`fusermount3` could not ";
  line += verb;
  line += " `" + mountpoint + "`";
  if (!ended.words.empty()) {
    line += ": ";
    line += first_line(ended.words);
  }
  return Error{std::move(line), cause};
}

Error mount_refused(const std::string& mountpoint, const Ended& ended) {
  if (says(ended, "user_allow_other")) {
    return Error{
        "mount option `allow_other` without privileges needs the line `user_allow_other` in "
        "`/etc/fuse.conf`",
        EPERM};
  }
  if (says(ended, "too many FUSE filesystems")) {
    return Error{"too many FUSE mounts: raise `mount_max` in `/etc/fuse.conf`", ENOSPC};
  }
  const bool denied = says(ended, "write access") || says(ended, "ermission denied") ||
                      says(ended, "not permitted") || says(ended, "not owned");
  return refused("mount on", mountpoint, ended, denied ? Errno{EACCES} : Errno{EIO});
}

}  // namespace

std::string fusermount_options(const Options& options) {
  using enum MountFlag;
  std::string text = options.flags.has(read_only) ? "ro" : "rw";
  for (MountFlag flag : {no_suid, no_dev, no_exec, no_atime, synchronous, dir_sync}) {
    if (options.flags.has(flag)) text.append(",").append(word(flag));
  }
  if (options.allow_other) text += ",allow_other";
  if (options.default_permissions) text += ",default_permissions";
  if (options.max_read) text += ",max_read=" + std::to_string(*options.max_read);
  if (!options.subtype.empty()) add_value(text, "subtype=", options.subtype);
  add_value(text, "fsname=", options.source);
  return text;
}

Result<Fd, Error> fusermount(const Options& options, const std::string& mountpoint) {
  if (options.flags.has(MountFlag::no_symfollow)) {
    return fail(Error{"mount option `nosymfollow` needs privileges: `fusermount3` does not know it",
                      EINVAL});
  }
  auto sockets = make_sockets();
  if (!sockets) return fail(could_not_run("mounting", sockets.error()));
  const auto ended =
      run({kProgram, "-o", fusermount_options(options), "--", mountpoint}, sockets->its);
  if (!ended) return fail(could_not_run("mounting", ended.error()));
  if (!ended->well) return fail(mount_refused(mountpoint, *ended));
  std::byte beside{};
  auto device = receive_fd(sockets->ours, std::span{&beside, 1}, Wait::no);
  if (!device) return fail(Error::of("`fusermount3` gave no device", device.error()));
  return std::move(*device);
}

Result<void, Error> fusermount_unmount(const std::string& mountpoint, Detach detach) {
  std::vector<std::string> arguments{kProgram, "-u"};
  if (detach == Detach::yes) arguments.emplace_back("-z");
  arguments.insert(arguments.end(), {"--", mountpoint});
  const auto ended = run(std::move(arguments), Fd{});
  if (!ended) return fail(could_not_run("unmounting", ended.error()));
  if (ended->well) return {};
  const bool busy = says(*ended, "busy");
  const bool denied = says(*ended, "not found in") || says(*ended, "not permitted");
  const Errno cause = busy ? Errno{EBUSY} : denied ? Errno{EPERM} : Errno{EIO};
  return fail(refused("unmount", mountpoint, *ended, cause));
}

}  // namespace sluice::mount
