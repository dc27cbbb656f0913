// SPDX-License-Identifier: MIT
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

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

}  // namespace sluice::daemon
