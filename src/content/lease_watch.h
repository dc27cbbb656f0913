// SPDX-License-Identifier: MIT
// Looks after leases while they are held: one that somebody waits for is given up within a few
// milliseconds. One thread, that sleeps while there are none.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "sluice/content/lease.h"

namespace sluice::content {

class LeaseWatch {
 public:
  // A lease under watch.
  class Held {
   public:
    Held(LeaseWatch& watch, Lease lease);
    ~Held();
    Held(const Held&) = delete;
    // Tells whether nobody wanted to write since it was taken.
    bool still() noexcept;

   private:
    friend LeaseWatch;
    LeaseWatch& watch_;
    Lease lease_;
  };

  LeaseWatch();

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;  // guards held_, and each lease of it
  std::condition_variable_any any_;
  std::vector<Held*> held_;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace sluice::content
