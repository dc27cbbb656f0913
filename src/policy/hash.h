// SPDX-License-Identifier: MIT
// A hash of numbers, for tables of our own.
#pragma once

#include <cstdint>
#include <ranges>

namespace sluice::policy {

constexpr std::uint64_t mix(std::uint64_t sum, std::uint64_t value) noexcept {
  sum = (sum ^ value) * 0x9e3779b97f4a7c15;
  return sum ^ sum >> 29;
}

template <std::ranges::input_range Numbers>
std::uint64_t hash_of(const Numbers& numbers) noexcept {
  std::uint64_t sum = 0x51ce;
  for (const auto& number : numbers) sum = mix(sum, static_cast<std::uint64_t>(number));
  return sum;
}

}  // namespace sluice::policy
