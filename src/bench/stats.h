// SPDX-License-Identifier: MIT
// The arithmetic of the tables: medians, ratios with their spread, and how numbers are printed.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace sluice::bench {

enum class Unit : unsigned char {
  operations,   // per second; more is better
  bytes,        // per second; more is better
  nanoseconds,  // per operation; less is better
  seconds,      // less is better
};

// Gives the middle value, the mean of the two middle ones for an even count; 0 for none.
double median(std::span<const double> values);

// How fast a target is in units of the lower one: 1 the same, 0.5 half as fast.
struct Ratio {
  double value = 0;  // of the medians
  double low = 0;    // the least and the greatest of the rounds
  double high = 0;

  double half_range() const noexcept { return (high - low) / 2; }
};

// Gives the ratio of two series, round n of one measured next to round n of the other; nothing when
// one is empty or not positive.
std::optional<Ratio> ratio(Unit unit, std::span<const double> lower,
                           std::span<const double> target);

// Gives three digits and a unit: "812 k/s", "5.21 GiB/s", "540 ns", "1.32 s".
std::string format_value(Unit unit, double value);

// Gives "512 B", "91.2 KiB", "3.40 GiB".
std::string format_bytes(double bytes);

}  // namespace sluice::bench
