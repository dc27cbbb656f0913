// SPDX-License-Identifier: MIT
// SIGHUP as a call: what a service manager sends to have a policy read again and logs reopened.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "sluice/base/fd.h"

namespace sluice::daemon {

class HangUps {
 public:
  // Blocks the signal in the calling thread, and so in all that it starts from now on: to be made
  // before any of them. What comes from now on is kept for start().
  // errors: EMFILE, ENFILE.
  static Result<std::unique_ptr<HangUps>> make();
  // Ends the thread, which takes as long as the call that is under way.
  ~HangUps();
  HangUps(const HangUps&) = delete;
  HangUps& operator=(const HangUps&) = delete;

  // Calls `heed` for each signal, or once for several, in a thread of its own. To be called once.
  // errors: EAGAIN no thread.
  Result<void> start(std::function<void()> heed);

 private:
  HangUps(Fd signals, Fd stop) noexcept : signals_{std::move(signals)}, stop_{std::move(stop)} {}
  void work(const std::function<void()>& heed) noexcept;

  Fd signals_;
  Fd stop_;  // an event
  std::thread thread_;
};

}  // namespace sluice::daemon
