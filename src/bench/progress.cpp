// SPDX-License-Identifier: MIT
#include "sluice/bench/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sluice::bench {

using Seconds = std::chrono::duration<double>;

Progress::Progress(std::size_t steps, Seconds expected)
    : shown_{::isatty(STDERR_FILENO) == 1}, steps_{steps}, expected_{expected} {}

void Progress::begin(std::string_view name, Seconds expected) {
  expected_until_now_ += this_step_;
  this_step_ = expected;
  ++step_;
  // What was thought is corrected by how it went so far, once that says something.
  Seconds passed = std::chrono::steady_clock::now() - start_;
  double factor = 1;
  if (expected_until_now_ > Seconds{5}) {
    factor = std::clamp(passed / expected_until_now_, 0.3, 5.0);
  }
  Seconds left = factor * (expected_ - expected_until_now_);
  say(fmt::format("[{}/{}] {:.50}, {} left", step_, steps_, name, format_remaining(left)));
}

void Progress::say(std::string_view text) {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K{}", text);
  std::fflush(stderr);
}

void Progress::clear() { say(""); }

std::string format_remaining(Seconds remaining) {
  auto seconds = static_cast<long>(std::ceil(std::max(remaining.count(), 1.0)));
  if (seconds < 60) return fmt::format("about {} s", seconds);
  seconds = (seconds + 9) / 10 * 10;
  if (seconds % 60 == 0) return fmt::format("about {} min", seconds / 60);
  return fmt::format("about {} min {} s", seconds / 60, seconds % 60);
}

}  // namespace sluice::bench
