// SPDX-License-Identifier: MIT
#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <initializer_list>
#include <string>

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

Result<void, Error> end_with(int pipe) {
  // An open file of our own: whom it tells is a property of the open file, and others may share
  // that one. It stays open for as long as the process.
  const std::string path = "/proc/self/fd/" + std::to_string(pipe);
  const int own = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (own < 0 || ::fcntl(own, F_SETOWN, ::getpid()) != 0 || ::fcntl(own, F_SETSIG, SIGTERM) != 0 ||
      ::fcntl(own, F_SETFL, O_RDONLY | O_NONBLOCK | O_ASYNC) != 0) {
    return fail(Error::of("cannot watch who started this", Errno::last()));
  }
  ::close(pipe);
  // It may have happened before.
  pollfd state{own, POLLIN, 0};
  if (::poll(&state, 1, 0) > 0 && (state.revents & POLLHUP) != 0) ::kill(::getpid(), SIGTERM);
  return {};
}

}  // namespace sluice::daemon
