// SPDX-License-Identifier: MIT
// A line on the terminal that tells how far a long task is: files, bytes, rate and the time left.
// Where standard error is no terminal it says nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace sluice::cli {

struct Amount {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

// Gives "1.2 MB" and the like: three figures, powers of ten.
std::string size_text(std::uint64_t bytes);
// Gives the line, without the terminal's codes. `seconds` since it began.
std::string progress_text(Amount all, Amount done, double seconds);

class ProgressBar {
 public:
  // now  tells how much is done; called from a thread of the bar's own while it lives.
  ProgressBar(Amount all, std::function<Amount()> now);
  ~ProgressBar();  // takes the line away
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace sluice::cli
