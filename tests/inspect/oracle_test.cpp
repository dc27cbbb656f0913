// SPDX-License-Identifier: MIT
// Scans against the plain way: each regex over all of the text by itself, from left to right. Texts
// are random over few letters, so that matches begin, end, touch and nearly happen everywhere.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>

#include "text_support.h"

namespace sluice::inspect {
namespace {

// Regexes with and without a longest match, greedy and not, that look around, with alternatives.
const char* const kRegexes[] = {
    "a[bc]{2,5}",    "a[bc]+d",          "(?:ab|abc)(?:d|$)", "a.{0,3}?d",
    "a(?s:.)*?dd",   "\\bab?c\\b",       "b+a|ab+",           "^ab|dc$",
    "c{3}",          "(?i)A[bd]{1,3}C?", "[ab]{4}",           "d\\s+a",
    "[a-c]{0,4}?da", "ac*?(?:b|dd)",
};

Strings naive(const std::string& regex, const std::string& text) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  const re2::RE2 compiled{regex, options};
  Strings found;
  std::size_t at = 0;
  re2::StringPiece match;
  while (at < text.size() &&
         compiled.Match(text, at, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    std::string secret{match.data(), match.size()};
    at = begin + std::max<std::size_t>(match.size(), 1);
    const auto first = secret.find_first_not_of('\n'), last = secret.find_last_not_of('\n');
    if (first == secret.npos) continue;
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin + first), '\n') +
        1;
    secret = secret.substr(first, last - first + 1);
    const bool repeated = secret.find_first_not_of(std::string{secret[0]} + "\n") == secret.npos;
    if (!repeated) found.push_back(fmt::format("r@{}:{}", line, secret));
  }
  return found;
}

class Oracle : public testing::TestWithParam<const char*> {};

TEST_P(Oracle, agrees_on_random_texts) {
  const auto detectors = detectors_of({rule_of("r", GetParam())});
  for (unsigned seed = 1; seed < 400; ++seed) {
    const std::string text = random_word(seed % 150, seed, "abcd \n");
    ASSERT_EQ(found_in(detectors, text), naive(GetParam(), text)) << text;
  }
}

TEST_P(Oracle, agrees_on_texts_longer_than_any_stretch) {
  const auto detectors = detectors_of({rule_of("r", GetParam())});
  for (unsigned seed = 1; seed < 12; ++seed) {
    std::string text = random_word(4000, seed, "abcd \n");
    text += std::string(5000, seed % 2 == 0 ? 'b' : 'c') + random_word(4000, seed + 50, "abcd \n");
    ASSERT_EQ(found_in(detectors, text), naive(GetParam(), text)) << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Regexes, Oracle, testing::ValuesIn(kRegexes),
                         [](const auto& one) { return fmt::format("regex_{}", one.index); });

}  // namespace
}  // namespace sluice::inspect
