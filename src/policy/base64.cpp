// SPDX-License-Identifier: MIT
#include "sluice/policy/base64.h"

#include <cstdint>

namespace sluice::policy {

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t letters = 0, padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=' && letters % 4 >= 2 && padding < 2) {
      ++padding;
      ++letters;
      bits <<= 6;
    } else {
      const std::size_t value = kLetters.find(c);
      if (value == std::string_view::npos || padding > 0) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(value);
      ++letters;
    }
    if (letters % 4 != 0) continue;
    for (std::size_t i = 0; i < 3 - padding; ++i) {
      bytes += static_cast<char>(static_cast<unsigned char>(bits >> (16 - 8 * i) & 0xff));
    }
    bits = 0;
  }
  if (letters % 4 != 0) return std::nullopt;
  return bytes;
}

}  // namespace sluice::policy
