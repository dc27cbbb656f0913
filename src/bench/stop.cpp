// SPDX-License-Identifier: MIT
#include "sluice/bench/stop.h"

#include <sys/eventfd.h>

#include <csignal>
#include <cstdint>

namespace sluice::bench {
namespace {

// What a signal handler may touch.
volatile std::sig_atomic_t first_signal = 0;
volatile std::sig_atomic_t stop_event = -1;

void note(int signal) {
  int saved = errno;
  if (first_signal == 0) first_signal = signal;
  std::uint64_t one = 1;
  // An eventfd that is full is readable already: nothing is lost when this fails.
  [[maybe_unused]] auto written = ::write(static_cast<int>(stop_event), &one, sizeof one);
  errno = saved;
}

}  // namespace

StopSignals::StopSignals() : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  first_signal = 0;
  stop_event = event_.get();
  for (std::size_t i = 0; i < kTaken.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = kTaken[i] == SIGPIPE ? SIG_IGN : note;
    ::sigaction(kTaken[i], &action, &before_[i]);
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < kTaken.size(); ++i) ::sigaction(kTaken[i], &before_[i], nullptr);
  stop_event = -1;
  first_signal = 0;
}

int StopSignals::received() noexcept { return static_cast<int>(first_signal); }

int StopSignals::descriptor() noexcept { return static_cast<int>(stop_event); }

Error stopped() { return Error{"stopped", EINTR}; }

}  // namespace sluice::bench
