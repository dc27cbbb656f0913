// SPDX-License-Identifier: MIT
#include "sluice/bench/stats.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sluice::bench {
namespace {

TEST(Median, is_the_middle_value_whatever_the_order) {
  EXPECT_EQ(median(std::array{9.0, 1.0, 5.0}), 5.0);
  EXPECT_EQ(median(std::array{4.0, 1.0, 2.0, 100.0}), 3.0);
  EXPECT_EQ(median(std::array{7.0}), 7.0);
  EXPECT_EQ(median({}), 0.0);
}

TEST(Ratio, of_rates_says_how_fast_the_target_is) {
  auto found =
      ratio(Unit::operations, std::array{100.0, 200.0, 110.0}, std::array{50.0, 60.0, 99.0});
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->value, 60.0 / 110.0);
  EXPECT_DOUBLE_EQ(found->low, 0.3);
  EXPECT_DOUBLE_EQ(found->high, 0.9);
  EXPECT_DOUBLE_EQ(found->half_range(), 0.3);
}

TEST(Ratio, of_times_is_turned_over_so_that_more_is_still_faster) {
  for (Unit unit : {Unit::nanoseconds, Unit::seconds}) {
    auto found = ratio(unit, std::array{10.0}, std::array{40.0});
    ASSERT_TRUE(found);
    EXPECT_DOUBLE_EQ(found->value, 0.25);
  }
}

TEST(Ratio, compares_no_more_rounds_than_both_have) {
  auto found = ratio(Unit::bytes, std::array{10.0, 20.0}, std::array{10.0});
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->low, 1.0);
  EXPECT_DOUBLE_EQ(found->high, 1.0);
}

TEST(Ratio, is_absent_where_it_would_mean_nothing) {
  EXPECT_FALSE(ratio(Unit::bytes, {}, std::array{1.0}));
  EXPECT_FALSE(ratio(Unit::bytes, std::array{1.0}, {}));
  EXPECT_FALSE(ratio(Unit::bytes, std::array{0.0}, std::array{1.0}));
  EXPECT_FALSE(ratio(Unit::seconds, std::array{1.0}, std::array{0.0}));
}

TEST(FormatValue, keeps_three_digits_and_says_the_unit) {
  EXPECT_EQ(format_value(Unit::operations, 812'345), "812 k/s");
  EXPECT_EQ(format_value(Unit::operations, 23.4567), "23.5 /s");
  EXPECT_EQ(format_value(Unit::operations, 999'999), "1.00 M/s");
  EXPECT_EQ(format_value(Unit::bytes, 5.25 * (1u << 30)), "5.25 GiB/s");
  EXPECT_EQ(format_value(Unit::nanoseconds, 540), "540 ns");
  EXPECT_EQ(format_value(Unit::nanoseconds, 8412), "8.41 us");
  EXPECT_EQ(format_value(Unit::seconds, 1.324), "1.32 s");
  EXPECT_EQ(format_value(Unit::seconds, 0.0595), "59.5 ms");
}

TEST(FormatBytes, counts_in_powers_of_1024) {
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(256.0 * (1u << 20)), "256 MiB");
}

}  // namespace
}  // namespace sluice::bench
