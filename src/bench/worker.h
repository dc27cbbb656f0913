// SPDX-License-Identifier: MIT
// System calls on a mount, made in a forked process. A dead or hanging file system can hold a
// caller for ever, even against SIGKILL; this way it holds only a process that we can leave behind.
// The process gives back numbers, and may pause so that we look at counters between its steps.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "sluice/bench/stop.h"

namespace sluice::bench {

// What the forked process has of its parent.
class Steps {
 public:
  explicit Steps(int channel) noexcept : channel_{channel} {}
  // Returns after the parent's `at_pause` has run.
  void pause() const noexcept;

 private:
  int channel_;
};

using Numbers = std::vector<double>;

struct Work {
  // Runs in the forked process. At most 1000 numbers.
  std::function<Result<Numbers, Error>(const Steps&)> body;
  // Runs in this process at every pause() of the other; its error ends the work.
  std::function<Result<void, Error>()> at_pause = {};
  std::chrono::milliseconds timeout{30'000};
  Heed heed = Heed::stop;
};

// Runs `work` and gives its numbers.
// errors   what the body or at_pause said; ETIMEDOUT it took too long and was killed; EINTR a stop
//          was wished (killed); EIO it died.
Result<Numbers, Error> run_apart(const Work& work);

}  // namespace sluice::bench
