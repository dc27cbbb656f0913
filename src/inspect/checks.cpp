// SPDX-License-Identifier: MIT
#include "sluice/inspect/checks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace sluice::inspect {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_gap(char c) noexcept { return c == ' ' || c == '-'; }
char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// How long an IBAN is, by country. source: SWIFT, IBAN Registry
constexpr std::array<std::pair<std::string_view, int>, 89> kIbanLengths{{
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
    {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
    {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
    {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
    {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
    {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20},
    {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20},
    {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
    {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
    {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25},
    {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20},
    {"YE", 30},
}};

int iban_length(std::string_view country) noexcept {
  const auto* found =
      std::ranges::find(kIbanLengths, country, &std::pair<std::string_view, int>::first);
  return found == kIbanLengths.end() ? 0 : found->second;
}

}  // namespace

double entropy_of(std::string_view text) noexcept {
  if (text.empty()) return 0;
  std::array<std::uint32_t, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double entropy = 0;
  const double all = static_cast<double>(text.size());
  for (const std::uint32_t count : counts) {
    if (count == 0) continue;
    const double share = count / all;
    entropy -= share * std::log2(share);
  }
  return entropy;
}

bool passes_luhn(std::string_view text) noexcept {
  std::array<int, 19> digits{};
  std::size_t count = 0;
  for (const char c : text) {
    if (is_gap(c)) continue;
    if (!is_digit(c) || count == digits.size()) return false;
    digits[count++] = c - '0';
  }
  if (count < 12) return false;
  int sum = 0;
  bool same = true;
  for (std::size_t i = 0; i < count; ++i) {
    same = same && digits[i] == digits[0];
    int digit = digits[count - 1 - i];
    if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return !same && sum % 10 == 0;
}

bool passes_mod97(std::string_view text) noexcept {
  std::array<char, 34> chars{};
  std::size_t count = 0;
  for (const char given : text) {
    if (is_gap(given)) continue;
    const char c = upper(given);
    if (count == chars.size() || !(is_digit(c) || (c >= 'A' && c <= 'Z'))) return false;
    chars[count++] = c;
  }
  if (count < 5 || !is_digit(chars[2]) || !is_digit(chars[3])) return false;
  if (iban_length({chars.data(), 2}) != static_cast<int>(count)) return false;
  // The first four go to the end; letters count as 10 to 35.
  int rest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = chars[(i + 4) % count];
    rest = is_digit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  }
  return rest == 1;
}

bool passes(Validator validator, std::string_view secret) noexcept {
  switch (validator) {
    case Validator::none: return true;
    case Validator::luhn: return passes_luhn(secret);
    case Validator::mod97: return passes_mod97(secret);
  }
  return true;
}

bool is_one_repeated(std::string_view text) noexcept {
  char only = '\n';
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (only == '\n') only = c;
    if (c != only) return false;
  }
  return true;
}

}  // namespace sluice::inspect
