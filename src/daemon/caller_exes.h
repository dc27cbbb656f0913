// SPDX-License-Identifier: MIT
// What a caller was running when something was decided about it. It is looked up a little later,
// when the record is written, so that no request waits for /proc; a process that started after the
// decision is another one with the same number, and nothing is said of it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "sluice/base/ids.h"

namespace sluice::daemon {

class CallerExes {
 public:
  explicit CallerExes(std::string proc = "/proc") : proc_{std::move(proc)} {}

  // Forgets what was found out: a process may have become another program since.
  void renew() { known_.clear(); }

  // Gives the path of the executable of `pid`; "" where it cannot be known.
  // decided_ns   when it was decided, since the epoch.
  const std::string& exe_of(Pid pid, std::int64_t decided_ns);

 private:
  struct Known {
    std::int64_t started_ns = 0;  // since the epoch
    std::string exe;
  };
  Known look_up(Pid pid) const;

  std::string proc_;
  std::unordered_map<std::uint32_t, Known> known_;
};

}  // namespace sluice::daemon
