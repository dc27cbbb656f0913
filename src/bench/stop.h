// SPDX-License-Identifier: MIT
// A person's wish to stop (SIGINT, SIGTERM, SIGHUP) as something that every wait can wait for.
// The handler only notes it; the waits end with EINTR, and the normal way out tears down.
// SIGPIPE is ignored meanwhile: `sluice bench | head` must not leave mounts behind.
#pragma once

#include <signal.h>

#include <array>

#include "sluice/base/fd.h"

namespace sluice::bench {

// Whether a wait ends when a stop is wished. Tearing down does not.
enum class Heed { stop, nothing };

// Takes the signals for as long as it lives; one at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Gives the first signal that came, 0 for none. Valid also where no StopSignals lives.
  static int received() noexcept;
  // Gives a descriptor that is readable from the first signal on, -1 where no StopSignals lives.
  static int descriptor() noexcept;

 private:
  static constexpr std::array kTaken{SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  std::array<struct sigaction, kTaken.size()> before_{};
  Fd event_;
};

// Gives the error that a wait ends with when a stop is wished.
Error stopped();

}  // namespace sluice::bench
