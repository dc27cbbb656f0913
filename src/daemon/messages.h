// SPDX-License-Identifier: MIT
// What the daemon has to say: to standard error while somebody reads that, and kept for `status`.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

class Messages {
 public:
  // Says one line, without its newline; from any thread.
  void say(std::string_view line);
  // Gives the last lines, the oldest first.
  std::vector<std::string> last() const;

 private:
  static constexpr std::size_t kKept = 16;
  mutable std::mutex mutex_;  // guards lines_
  std::deque<std::string> lines_;
};

}  // namespace sluice::daemon
