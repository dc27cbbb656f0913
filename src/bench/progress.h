// SPDX-License-Identifier: MIT
// One line on a terminal that says how far a run is; nothing where stderr is no terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::bench {

class Progress {
 public:
  // steps, expected   how many steps there will be and how long all of them are thought to take.
  Progress(std::size_t steps, std::chrono::duration<double> expected);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows that the next step begins, which is thought to take `expected`.
  void begin(std::string_view name, std::chrono::duration<double> expected);
  // Shows something that is no step.
  void say(std::string_view text);
  void clear();

 private:
  bool shown_;
  std::size_t steps_;
  std::size_t step_ = 0;
  std::chrono::duration<double> expected_;
  std::chrono::duration<double> expected_until_now_{};
  std::chrono::duration<double> this_step_{};
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Gives "about 3 min 10 s", in steps of ten seconds above a minute.
std::string format_remaining(std::chrono::duration<double> remaining);

}  // namespace sluice::bench
