// SPDX-License-Identifier: MIT
// Lets many requests through at once, and at times a reload alone. A plain readers' and writers'
// lock may let readers in for ever while a writer waits; here they wait for it.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace sluice::guard {

class Turnstile {
 public:
  class Pass {
   public:
    explicit Pass(Turnstile& turnstile) : turnstile_{turnstile} {
      turnstile_.closing_.wait(true);
      turnstile_.mutex_.lock_shared();
    }
    ~Pass() { turnstile_.mutex_.unlock_shared(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Turnstile& turnstile_;
  };

  // Runs `body` while no request is under way; false if that was not to be had within `patience`.
  // Callers take turns among themselves.
  template <class Body>
  bool alone(std::chrono::milliseconds patience, Body body) {
    const Closed closed{closing_};
    // Nobody enters any more, so that the lock is to be had once the last has left. Asked for again
    // and again: the call that waits for so long at most is one that ThreadSanitizer does not know.
    const auto until = std::chrono::steady_clock::now() + patience;
    std::unique_lock lock{mutex_, std::try_to_lock};
    while (!lock.owns_lock()) {
      if (std::chrono::steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(std::chrono::microseconds{100});
      static_cast<void>(lock.try_lock());
    }
    body();
    return true;
  }

 private:
  struct Closed {
    explicit Closed(std::atomic<bool>& closing) noexcept : closing_{closing} { closing_ = true; }
    ~Closed() {
      closing_ = false;
      closing_.notify_all();
    }
    std::atomic<bool>& closing_;
  };

  std::atomic<bool> closing_{false};
  std::shared_mutex mutex_;
};

}  // namespace sluice::guard
