// SPDX-License-Identifier: MIT
#include "sluice/bench/stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

namespace sluice::bench {
namespace {

// Three significant digits without an exponent; whole numbers from 100 on.
std::string three_digits(double value) {
  if (value >= 99.95) return fmt::format("{:.0f}", value);
  if (value >= 9.995) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2f}", value);
}

// Steps up through `units`, each `factor` times the one before, while the number is too long.
std::string scaled(double value, double factor, std::span<const std::string_view> units) {
  std::size_t at = 0;
  while (at + 1 < units.size() && value >= factor * 0.9995) {
    value /= factor;
    ++at;
  }
  return fmt::format("{} {}", three_digits(value), units[at]);
}

double speed_ratio(Unit unit, double lower, double target) {
  bool more_is_better = unit == Unit::operations || unit == Unit::bytes;
  return more_is_better ? target / lower : lower / target;
}

bool all_positive(std::span<const double> values) {
  return std::ranges::all_of(values, [](double v) { return v > 0 && std::isfinite(v); });
}

}  // namespace

double median(std::span<const double> values) {
  if (values.empty()) return 0;
  std::vector<double> sorted{values.begin(), values.end()};
  std::ranges::sort(sorted);
  std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

std::optional<Ratio> ratio(Unit unit, std::span<const double> lower,
                           std::span<const double> target) {
  std::size_t rounds = std::min(lower.size(), target.size());
  if (rounds == 0 || !all_positive(lower) || !all_positive(target)) return std::nullopt;
  Ratio result{.value = speed_ratio(unit, median(lower), median(target)),
               .low = speed_ratio(unit, lower[0], target[0])};
  result.high = result.low;
  for (std::size_t i = 1; i < rounds; ++i) {
    double one = speed_ratio(unit, lower[i], target[i]);
    result.low = std::min(result.low, one);
    result.high = std::max(result.high, one);
  }
  return result;
}

std::string format_bytes(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024 && bytes == std::floor(bytes)) return fmt::format("{:.0f} B", bytes);
  return scaled(bytes, 1024, kUnits);
}

std::string format_value(Unit unit, double value) {
  constexpr std::array<std::string_view, 3> kRates{"/s", "k/s", "M/s"};
  constexpr std::array<std::string_view, 4> kTimes{"ns", "us", "ms", "s"};
  switch (unit) {
    case Unit::operations: return scaled(value, 1000, kRates);
    case Unit::bytes: return format_bytes(value) + "/s";
    case Unit::nanoseconds: return scaled(value, 1000, kTimes);
    case Unit::seconds: return scaled(value * 1e9, 1000, kTimes);
  }
  return {};
}

}  // namespace sluice::bench
