// SPDX-License-Identifier: MIT
#include "messages.h"

#include <cstdio>

#include "sluice/daemon/announce.h"

namespace sluice::daemon {

void Messages::say(std::string_view line) {
  tell(line);
  std::lock_guard lock{mutex_};
  lines_.emplace_back(line);
  if (lines_.size() > kKept) lines_.pop_front();
}

std::vector<std::string> Messages::last() const {
  std::lock_guard lock{mutex_};
  return {lines_.begin(), lines_.end()};
}

}  // namespace sluice::daemon
