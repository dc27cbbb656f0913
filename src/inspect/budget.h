// SPDX-License-Identifier: MIT
// How much one inspection may do, counted in bytes and steps, never in time: so the same file gets
// the same answer on a slow machine as on a fast one. Clocks are for whoever waits for the answer.
#pragma once

#include <cstdint>

namespace sluice::inspect {

class Budget {
 public:
  // `bytes` may be read from the file, `steps` be taken: a step is one box, segment, entry, token
  // or sample that is looked at.
  Budget(std::uint64_t bytes, std::uint64_t steps) noexcept : bytes_{bytes}, steps_{steps} {}

  // Counts `n` bytes or steps if so many are left; tells whether they were. Once a thing was
  // refused all is: an inspection that is cut off at one place must not go on at another.
  bool take_bytes(std::uint64_t n) noexcept { return take(bytes_, n); }
  bool take_steps(std::uint64_t n = 1) noexcept { return take(steps_, n); }

  bool exhausted() const noexcept { return exhausted_; }
  std::uint64_t bytes_left() const noexcept { return bytes_; }
  std::uint64_t steps_left() const noexcept { return steps_; }

 private:
  bool take(std::uint64_t& left, std::uint64_t n) noexcept {
    if (exhausted_ || n > left) {
      exhausted_ = true;
      return false;
    }
    left -= n;
    return true;
  }

  std::uint64_t bytes_;
  std::uint64_t steps_;
  bool exhausted_ = false;
};

}  // namespace sluice::inspect
