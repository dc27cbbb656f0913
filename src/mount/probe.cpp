// SPDX-License-Identifier: MIT
// The question whether a daemon lives, put by a child that has closed all else, so that it cannot
// keep a device or a pipe open if it never comes back.
//
// Between fork and exit the child calls only what a signal handler may call: the process that
// forks has other threads, whose locks the child would find taken for ever.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <optional>
#include <string_view>

#include "identity.h"
#include "sluice/base/fd.h"
#include "sluice/mount/connection.h"

namespace sluice::mount {
namespace {

using Clock = std::chrono::steady_clock;

struct Question {
  int root;    // O_PATH, of the mount's root
  int answer;  // the pipe's writing end
  std::optional<uid_t> owner_uid;
  std::optional<gid_t> owner_gid;
};

void close_between(unsigned first, unsigned last) noexcept {
  if (first > last || ::syscall(SYS_close_range, first, last, 0u) == 0) return;
  constexpr unsigned kUsualLimit = 4096;  // Linux 5.8 and older have no such call
  for (unsigned fd = first; fd <= std::min(last, kUsualLimit); ++fd) ::close(static_cast<int>(fd));
}

void close_all_but(int a, int b) noexcept {
  const auto low = static_cast<unsigned>(std::min(a, b));
  const auto high = static_cast<unsigned>(std::max(a, b));
  if (low > 0) close_between(0, low - 1);
  close_between(low + 1, high - 1);
  close_between(high + 1, UINT_MAX);
}

// A daemon without allow_other lets in only those who have all ids of the mounter, not even root.
// source: linux fs/fuse/dir.c fuse_allow_current_process()
void become_owner(const Question& question) noexcept {
  if (!question.owner_uid || !question.owner_gid) return;
  // The C library's own calls would look for other threads to change too.
  const gid_t gid = *question.owner_gid;
  const uid_t uid = *question.owner_uid;
  ::syscall(SYS_setresgid, gid, gid, gid);
  ::syscall(SYS_setresuid, uid, uid, uid);
}

[[noreturn]] void ask(const Question& question) noexcept {
  close_all_but(question.root, question.answer);
  become_owner(question);
  struct statx attributes;
  const int flags = AT_EMPTY_PATH | AT_STATX_FORCE_SYNC | AT_NO_AUTOMOUNT;
  const long answer =
      ::syscall(SYS_statx, question.root, "", flags, STATX_BASIC_STATS, &attributes);
  const int result = answer == 0 ? 0 : errno;
  [[maybe_unused]] const ssize_t written = ::write(question.answer, &result, sizeof result);
  ::_exit(0);
}

// Starts the child; gives its pid, or -1. It ends without SIGCHLD and is not found by a wait for
// any child, so that a program that reaps children of its own never hears of it.
pid_t start(const Question& question) noexcept {
  constexpr unsigned long kNoSignal = 0;
  const long pid = ::syscall(SYS_clone, kNoSignal, nullptr, nullptr, nullptr, 0ul);
  if (pid == 0) ask(question);
  return static_cast<pid_t>(pid);
}

// Reaps a child that has ended or is about to.
void reap(pid_t pid) noexcept {
  retry_interrupted([&] { return ::waitpid(pid, nullptr, __WALL); });
}

// Ends a child that got no answer. If the daemon has read its question, even this takes effect only
// once the daemon has answered, died or been aborted; so do not wait for long.
void give_up(pid_t pid) noexcept {
  ::kill(pid, SIGKILL);
  for (int turn = 0; turn < 50; ++turn) {
    if (::waitpid(pid, nullptr, __WALL | WNOHANG) != 0) return;
    ::usleep(1000);
  }
}

// Gives what the child's statx gave: 0 or an errno. errors: ETIMEDOUT; EPIPE the child has gone.
Result<int> answer_from(const Fd& pipe, Clock::time_point until) noexcept {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    pollfd waiting{pipe.get(), POLLIN, 0};
    const int wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
    const int ready = ::poll(&waiting, 1, wait);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return fail_last();
    if (ready == 0) return fail(ETIMEDOUT);
    int result = 0;
    // Writes of this size are atomic, so it comes whole or not at all.
    const ssize_t size = ::read(pipe.get(), &result, sizeof result);
    if (size != sizeof result) return fail(EPIPE);
    return result;
  }
}

template <class Id>
std::optional<Id> number(std::optional<std::string_view> text) noexcept {
  Id value{};
  if (!text) return std::nullopt;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return value;
}

bool same_mount(const Fd& root, const MountEntry& mount) {
  const auto identity = identify(root.get());
  return identity && identity->mount_id == mount.id && identity->major == mount.major &&
         identity->minor == mount.minor;
}

Liveness judge(int result) noexcept {
  if (result == ENOTCONN || result == ECONNABORTED) return Liveness::dead;
  if (result == EACCES) return Liveness::unknown;  // refused before the daemon was asked
  return Liveness::answers;
}

}  // namespace

Liveness probe(const MountEntry& mount, std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  const auto root = own(::open(mount.mount_point.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
  if (!root || !same_mount(*root, mount)) return Liveness::unknown;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Liveness::unknown;
  const Fd answers{ends[0]};
  Fd answer{ends[1]};
  const bool is_root = ::geteuid() == 0;
  const Question question{
      .root = root->get(),
      .answer = answer.get(),
      .owner_uid = is_root ? number<uid_t>(mount.super_option("user_id")) : std::nullopt,
      .owner_gid = is_root ? number<gid_t>(mount.super_option("group_id")) : std::nullopt};
  const pid_t child = start(question);
  if (child < 0) return Liveness::unknown;
  answer.reset();
  const auto result = answer_from(answers, until);
  if (result || result.error() == Errno{EPIPE}) {
    reap(child);
    return result ? judge(*result) : Liveness::unknown;
  }
  give_up(child);
  return Liveness::silent;
}

}  // namespace sluice::mount
