// SPDX-License-Identifier: MIT
#include "progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sluice::cli {
namespace {

constexpr std::size_t kWidth = 24;
constexpr std::chrono::milliseconds kPace{100};
// A task that is done sooner needs no line.
constexpr std::chrono::milliseconds kPatience{300};

std::string time_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::clamp(seconds, 0.0, 360'000.0));
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, kUnits[unit]);
}

std::string progress_text(Amount all, Amount done, double seconds) {
  // Small files take time that their bytes do not tell, large ones time that their number does not.
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 1.0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
  };
  const double ratio = (share(done.files, all.files) + share(done.bytes, all.bytes)) / 2;
  const auto filled = static_cast<std::size_t>(ratio * kWidth);
  const double left = ratio > 0.001 ? seconds * (1 - ratio) / ratio : 0;
  const auto rate =
      static_cast<std::uint64_t>(static_cast<double>(done.bytes) / std::max(seconds, 0.001));
  return fmt::format("[{}{}] {}/{} files  {} of {}  {}/s{}", std::string(filled, '#'),
                     std::string(kWidth - filled, '.'), done.files, all.files,
                     size_text(done.bytes), size_text(all.bytes), size_text(rate),
                     ratio > 0.001 ? "  " + time_text(left) + " left" : "");
}

ProgressBar::ProgressBar(Amount all, std::function<Amount()> now) {
  if (::isatty(STDERR_FILENO) == 0) return;
  thread_ = std::jthread{[all, now = std::move(now)](const std::stop_token& stop) {
    const auto since = std::chrono::steady_clock::now();
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock lock{mutex};
    auto pause = kPatience;
    bool shown = false;
    while (!ended.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since;
      fmt::print(stderr, "\r\x1b[K{}", progress_text(all, now(), took.count()));
      std::fflush(stderr);
      shown = true;
      pause = kPace;
    }
    if (shown) fmt::print(stderr, "\r\x1b[K");
  }};
}

ProgressBar::~ProgressBar() = default;

}  // namespace sluice::cli
