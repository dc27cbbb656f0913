// SPDX-License-Identifier: MIT
// What a server did that the protocol forbids, one line each. A breach never stops the kernel: it
// goes on as Linux would, and a test asks at its end.
#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace sluice::testkit {

class Breaches {
 public:
  void add(std::string line);
  std::vector<std::string> all() const;
  // Gives them and starts anew, for tests that provoke one.
  std::vector<std::string> take();

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace sluice::testkit
