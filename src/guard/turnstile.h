// SPDX-License-Identifier: MIT
// Lets many requests through at once, and at times a reload alone. A plain readers' and writers'
// lock may let readers in for ever while a writer waits; here they wait for it.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>

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
    const std::unique_lock lock{mutex_, patience};
    if (!lock) return false;
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
  std::shared_timed_mutex mutex_;
};

}  // namespace sluice::guard
