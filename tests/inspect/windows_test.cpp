// SPDX-License-Identifier: MIT
// Windows: what is found in pieces is what is found at once.
#include "sluice/inspect/windows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "text_support.h"

namespace sluice::inspect {
namespace {

Hits scan_all(const Detectors& detectors, std::string_view text, std::size_t length) {
  Scanner scanner{detectors};
  Budget budget = plenty();
  Hits hits;
  EXPECT_EQ(
      scan_source(scanner, BytesSource{bytes_of(text)}, "f", budget, hits, {.length = length}),
      Scanned::whole);
  hits.settle();
  return hits;
}

// Text with a token each few bytes, some of them in UTF-16.
std::string tokens() {
  std::string text;
  for (unsigned i = 0; i < 400; ++i) {
    const std::string token = fmt::format("line {} tok_{};\n", i, random_word(12, i, "abcdefgh"));
    text += i % 5 == 0 ? as_utf16(token, ByteOrder::little) : token;
  }
  return text;
}

TEST(Windows, find_what_a_scan_of_all_finds_wherever_they_are_cut) {
  const auto detectors = detectors_of({rule_of("r", R"(\btok_[a-z]{12}\b)")});
  const std::string text = tokens();
  const Hits whole = scan_all(detectors, text, text.size() + 1);
  ASSERT_EQ(whole.size(), 400u);
  for (const std::size_t length : {128u, 131u, 200u, 256u, 1000u, 4096u}) {
    const Hits pieces = scan_all(detectors, text, length);
    EXPECT_TRUE(std::ranges::equal(whole.all(), pieces.all())) << length;
  }
}

TEST(Windows, an_empty_file_has_nothing_in_it) {
  const auto detectors = detectors_of({rule_of("r", "a")});
  EXPECT_TRUE(scan_all(detectors, "", 100).empty());
}

TEST(Windows, that_cannot_be_read_fail) {
  struct Broken final : Source {
    std::uint64_t size() const noexcept override { return 1000; }
    Result<void> read(std::uint64_t, MutableBytes) const noexcept override { return fail(EIO); }
  };
  const auto detectors = detectors_of({rule_of("r", "a")});
  Scanner scanner{detectors};
  Budget budget = plenty();
  Hits hits;
  EXPECT_EQ(scan_source(scanner, Broken{}, "f", budget, hits), Scanned::failed);
}

TEST(Ranges, have_the_hits_that_touch_them_and_no_others) {
  const auto detectors = detectors_of({rule_of("r", R"(\btok_[a-z]{12}\b)")});
  const std::string text = tokens();
  const BytesSource source{bytes_of(std::string_view{text})};
  const Hits whole = scan_all(detectors, text, text.size() + 1);
  Scanner scanner{detectors};
  for (std::uint64_t at = 0; at < text.size(); at += 97) {
    const Range range{at, 50};
    Budget budget = plenty();
    Hits hits;
    ASSERT_EQ(scan_range(scanner, source, "f", range, budget, hits), Scanned::whole);
    for (const Hit& hit : whole.all()) {
      const bool touches = hit.secret.offset < range.end() && range.offset < hit.secret.end();
      const bool has =
          std::ranges::any_of(hits.all(), [&](const Hit& h) { return h.secret == hit.secret; });
      EXPECT_EQ(touches, has) << at;
    }
  }
}

TEST(Ranges, beyond_the_end_have_none) {
  const auto detectors = detectors_of({rule_of("r", "a")});
  Scanner scanner{detectors};
  Budget budget = plenty();
  Hits hits;
  EXPECT_EQ(scan_range(scanner, BytesSource{bytes_of(std::string_view{"aaa"})}, "f", {3, 5}, budget,
                       hits),
            Scanned::whole);
  EXPECT_EQ(scan_range(scanner, BytesSource{bytes_of(std::string_view{"aaa"})}, "f",
                       {~0ULL - 1, ~0ULL}, budget, hits),
            Scanned::whole);
  EXPECT_TRUE(hits.empty());
}

}  // namespace
}  // namespace sluice::inspect
