// SPDX-License-Identifier: MIT
// Counts the bytes of what is worked out while a program runs.
#pragma once

#include <atomic>
#include <cstddef>

namespace sluice::policy {

class Budget {
 public:
  explicit Budget(std::size_t limit) noexcept : limit_{limit} {}

  // Counts `bytes` if they fit; tells whether they did. Callers hold the engine's mutex.
  bool take(std::size_t bytes) noexcept {
    const std::size_t now = used();
    if (bytes > limit_ || now > limit_ - bytes) return false;
    used_.store(now + bytes, std::memory_order_relaxed);
    since_sweep_ += bytes;
    return true;
  }
  // Counts what must be had whatever the limit is.
  void force(std::size_t bytes) noexcept { used_.store(used() + bytes, std::memory_order_relaxed); }
  void give(std::size_t bytes) noexcept { used_.store(used() - bytes, std::memory_order_relaxed); }

  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::size_t limit() const noexcept { return limit_; }

  // Bytes taken since swept() was called; so that sweeps are not done for nothing.
  std::size_t since_sweep() const noexcept { return since_sweep_; }
  void swept() noexcept { since_sweep_ = 0; }

 private:
  std::size_t limit_;
  std::atomic<std::size_t> used_{0};
  std::size_t since_sweep_ = 0;
};

}  // namespace sluice::policy
