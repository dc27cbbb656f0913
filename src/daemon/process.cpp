// SPDX-License-Identifier: MIT
#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>

namespace sluice::daemon {

void fill_standard_streams() noexcept {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is what open(2) gives.
    if (::fcntl(stream, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDWR));
  }
}

void raise_descriptor_limit() noexcept {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int prepare_signals() noexcept {
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  const int wake = SIGRTMIN;
  struct sigaction action {};
  action.sa_handler = [](int) {};
  // Without SA_RESTART, so that the system call it comes into ends with EINTR.
  ::sigaction(wake, &action, nullptr);
  return wake;
}

void close_all_but(std::vector<int> keep) noexcept {
  std::ranges::sort(keep);
  unsigned from = STDERR_FILENO + 1;
  for (const int fd : keep) {
    if (fd <= STDERR_FILENO) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > from) ::syscall(SYS_close_range, from, number - 1, 0U);
    from = number + 1;
  }
  ::syscall(SYS_close_range, from, ~0U, 0U);
}

Result<void, Error> end_with(const Fd& socket) {
  const int fd = socket.get();
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETOWN, ::getpid()) != 0 || ::fcntl(fd, F_SETSIG, SIGTERM) != 0 ||
      ::fcntl(fd, F_SETFL, flags | O_ASYNC) != 0) {
    return fail(Error::of("cannot watch who started this", Errno::last()));
  }
  // It may have happened before.
  pollfd state{fd, POLLIN, 0};
  if (::poll(&state, 1, 0) > 0) ::kill(::getpid(), SIGTERM);
  return {};
}

}  // namespace sluice::daemon
