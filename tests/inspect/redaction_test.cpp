// SPDX-License-Identifier: MIT
// Redactions against the plainest model there is: an array of bytes that is written to.
#include "sluice/inspect/redaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace sluice::inspect {
namespace {

std::string applied(const Redaction& redaction, std::string text, std::uint64_t offset = 0) {
  redaction.apply(offset, std::as_writable_bytes(std::span{text}));
  return text;
}

TEST(Redaction, fills_and_replaces_what_was_added) {
  Redaction redaction{10};
  EXPECT_EQ(redaction.add({2, 3}, std::byte{'x'}), Added::yes);
  EXPECT_EQ(redaction.add({7, 2}, bytes_of(std::string_view{"AB"})), Added::yes);
  EXPECT_EQ(applied(redaction, "0123456789"), "01xxx56AB9");
  EXPECT_EQ(redaction.ranges(), (std::vector<Range>{{2, 3}, {7, 2}}));
  EXPECT_EQ(redaction.patched(), 5u);
}

TEST(Redaction, that_comes_later_wins_where_two_overlap) {
  Redaction redaction{10};
  EXPECT_EQ(redaction.add({0, 10}, bytes_of(std::string_view{"abcdefghij"})), Added::yes);
  EXPECT_EQ(redaction.add({3, 4}, std::byte{'-'}), Added::yes);
  EXPECT_EQ(applied(redaction, "0123456789"), "abc----hij");
  EXPECT_EQ(redaction.ranges(), (std::vector<Range>{{0, 10}}));
}

TEST(Redaction, refuses_what_is_not_within_the_file) {
  Redaction redaction{10};
  EXPECT_EQ(redaction.add({11, 0}, std::byte{0}), Added::outside);
  EXPECT_EQ(redaction.add({5, 6}, std::byte{0}), Added::outside);
  EXPECT_EQ(redaction.add({5, ~std::uint64_t{0}}, std::byte{0}), Added::outside);
  EXPECT_EQ(redaction.add({~std::uint64_t{0}, 2}, std::byte{0}), Added::outside);
  EXPECT_EQ(redaction.add({5, 2}, bytes_of(std::string_view{"abc"})), Added::outside);
  EXPECT_EQ(redaction.add({10, 0}, std::byte{0}), Added::yes);
  EXPECT_TRUE(redaction.empty());
}

TEST(Redaction, says_when_it_is_full_and_stays_as_it_was) {
  Redaction redaction{1 << 20, 4096};
  std::uint64_t at = 0;
  Added last = Added::yes;
  while (last == Added::yes && at < 1 << 20) last = redaction.add({2 * at++, 1}, std::byte{0});
  EXPECT_EQ(last, Added::full);
  const std::vector<Range> before = redaction.ranges();
  EXPECT_EQ(redaction.add({1 << 19, 1 << 10}, bytes_of(std::string(1 << 10, 'x'))), Added::full);
  EXPECT_EQ(redaction.ranges(), before);
}

TEST(Redaction, of_neighbours_with_the_same_fill_takes_the_room_of_one) {
  Redaction redaction{1 << 20, 1024};
  for (std::uint64_t at = 0; at < 1 << 20; ++at) {
    ASSERT_EQ(redaction.add({at, 1}, std::byte{0}), Added::yes);
  }
  EXPECT_EQ(redaction.ranges(), (std::vector<Range>{{0, 1 << 20}}));
}

TEST(Redaction, of_any_pieces_is_that_of_the_whole) {
  constexpr std::uint64_t kSize = 200;
  std::mt19937 random{7};
  const auto below = [&](std::uint64_t most) { return random() % (most + 1); };
  for (int round = 0; round < 300; ++round) {
    std::string file(kSize, '.');
    std::string model = file;
    Redaction redaction{kSize};
    for (int i = 0; i < 12; ++i) {
      const Range range{below(kSize - 1), below(40)};
      if (range.end() > kSize) continue;
      std::string text(range.length, static_cast<char>('a' + i));
      if (i % 2 == 0)
        std::ranges::generate(text, [&] { return static_cast<char>('A' + below(25)); });
      const Added added =
          i % 2 == 0 ? redaction.add(range, bytes_of(std::string_view{text}))
                     : redaction.add(range, std::byte(static_cast<unsigned char>('a' + i)));
      ASSERT_EQ(added, Added::yes);
      model.replace(range.offset, range.length, text);
    }
    ASSERT_EQ(applied(redaction, file), model);
    std::string pieces;
    while (pieces.size() < kSize) {
      const std::uint64_t length = std::min(kSize - pieces.size(), 1 + below(30));
      pieces += applied(redaction, file.substr(pieces.size(), length), pieces.size());
    }
    ASSERT_EQ(pieces, model);
    std::uint64_t end = 0;
    for (const Range range : redaction.ranges()) {
      ASSERT_TRUE(range.length > 0 && range.end() <= kSize);
      ASSERT_TRUE(range.offset > end || end == 0);
      end = range.end();
    }
  }
}

TEST(Redaction, leaves_alone_what_lies_beyond_the_file) {
  Redaction redaction{4};
  EXPECT_EQ(redaction.add({2, 2}, std::byte{'x'}), Added::yes);
  EXPECT_EQ(applied(redaction, "abcdef", 2), "xxcdef");
  EXPECT_EQ(applied(redaction, "abc", 4), "abc");
}

}  // namespace
}  // namespace sluice::inspect
