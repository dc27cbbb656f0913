// SPDX-License-Identifier: MIT
#include "sluice/policy/measure.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace sluice::policy {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array kTimes{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"min", 60000}};
constexpr std::array kSizes{Unit{"B", 1}, Unit{"KiB", 1u << 10}, Unit{"MiB", 1u << 20},
                            Unit{"GiB", 1u << 30}};

// Gives a whole number followed by a unit, in the smallest unit; nothing for anything else.
std::optional<std::uint64_t> measure(std::string_view text, std::span<const Unit> units) noexcept {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  const std::string_view name{parsed.ptr, static_cast<std::size_t>(end - parsed.ptr)};
  const auto unit = std::ranges::find(units, name, &Unit::name);
  if (parsed.ec != std::errc{} || unit == units.end()) return std::nullopt;
  if (number > 0xffffffffffff / unit->factor) return std::nullopt;
  return number * unit->factor;
}

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::optional<std::uint64_t> measure_size(std::string_view text) noexcept {
  return measure(text, kSizes);
}

std::optional<std::uint64_t> measure_time(std::string_view text) noexcept {
  return measure(text, kTimes);
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  unsigned bits = 0, digits = 0, padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t digit = kDigits.find(c);
    if (digit == kDigits.npos || padding > 0) return std::nullopt;
    held = held << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    ++digits;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xff);
  }
  if (digits % 4 == 1 || (padding != 0 && (digits + padding) % 4 != 0) || padding > 2) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace sluice::policy
