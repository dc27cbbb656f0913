// SPDX-License-Identifier: MIT
// Lets many readers pass at once, each at the price of two operations on a cache line that few
// threads share, and one writer when all of them are out. For memory that is freed rarely.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

namespace sluice::policy {

class Gate {
 public:
  // A reader inside; must not take the mutex that the gate was made with.
  class Inside {
   public:
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { count_.fetch_sub(1, std::memory_order_release); }

   private:
    friend Gate;
    explicit Inside(std::atomic<std::uint32_t>& count) noexcept : count_{count} {}
    std::atomic<std::uint32_t>& count_;
  };

  // `writers` is the mutex that whoever closes the gate holds; readers wait on it meanwhile.
  explicit Gate(std::mutex& writers) noexcept : writers_{writers} {}

  Inside enter() noexcept {
    std::atomic<std::uint32_t>& count = lanes_[lane()].count;
    for (;;) {
      // Sequentially consistent with close(): either it sees the count, or this sees it closed.
      count.fetch_add(1, std::memory_order_seq_cst);
      if (!closed_.load(std::memory_order_seq_cst)) return Inside{count};
      count.fetch_sub(1, std::memory_order_release);
      const std::lock_guard wait{writers_};
    }
  }

  // Keeps readers out and waits until all are; the mutex must be held.
  void close() noexcept {
    closed_.store(true, std::memory_order_seq_cst);
    for (Lane& each : lanes_) {
      while (each.count.load(std::memory_order_seq_cst) != 0) std::this_thread::yield();
    }
  }
  void open() noexcept { closed_.store(false, std::memory_order_seq_cst); }

 private:
  static constexpr std::size_t kLanes = 32;
  struct alignas(64) Lane {
    std::atomic<std::uint32_t> count{0};
  };

  static std::size_t lane() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kLanes;
    return mine;
  }

  std::mutex& writers_;
  std::atomic<bool> closed_{false};
  std::array<Lane, kLanes> lanes_;
};

}  // namespace sluice::policy
