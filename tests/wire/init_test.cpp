// SPDX-License-Identifier: MIT
// INIT as kernels of different ages send it.
#include "sluice/wire/init.h"

#include <gtest/gtest.h>

#include "support.h"

namespace sluice::wire {
namespace {

using test::error_of;
using test::Exact;
using test::raw;

Result<InitOffer, Error> parse(const std::string& bytes) {
  const Exact exact{bytes};
  Reader in{exact.get()};
  return parse_init(in);
}

TEST(WireInit, a_new_kernels_two_flag_words_become_one) {
  // What Linux 6.18 sends.
  const auto offer = parse(raw(InitIn{.major = 7, .minor = 45, .max_readahead = 131072,
                                      .flags = 0x73fffffb, .flags2 = 0x7fd}));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->major, 7U);
  EXPECT_EQ(offer->minor, 45U);
  EXPECT_EQ(offer->max_readahead, 131072U);
  EXPECT_EQ(offer->flags.word(), 0x7fd73fffffbU);
  EXPECT_TRUE(offer->flags.has(InitFlag::passthrough));
  EXPECT_TRUE(offer->flags.has(InitFlag::allow_idmap));
  EXPECT_TRUE(offer->flags.has(InitFlag::request_timeout));
  EXPECT_FALSE(offer->flags.has(InitFlag::has_inode_dax));
  EXPECT_FALSE(offer->wants_our_major());
}

TEST(WireInit, the_second_word_counts_only_where_it_is_announced) {
  const auto offer = parse(raw(InitIn{.major = 7, .minor = 45, .flags = 1, .flags2 = 0xffffffff}));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->flags, Flags<InitFlag>{InitFlag::async_read});
}

TEST(WireInit, an_older_kernels_short_request_is_enough) {
  const InitIn older{.major = 7, .minor = 31, .max_readahead = 4096, .flags = 3};
  const auto offer = parse(raw(older).substr(0, 16));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->minor, 31U);
  EXPECT_EQ(offer->max_readahead, 4096U);
  EXPECT_EQ(offer->flags, (Flags<InitFlag>{InitFlag::async_read, InitFlag::posix_locks}));
}

TEST(WireInit, a_kernel_before_7_31_is_refused_in_one_line_that_says_what_to_do) {
  for (std::size_t size : {8U, 16U, 64U}) {
    const auto offer = parse(raw(InitIn{.major = 7, .minor = 30}).substr(0, size));
    ASSERT_FALSE(offer);
    EXPECT_EQ(error_of(offer), EPROTO);
    EXPECT_EQ(offer.error().line(),
              "this kernel speaks FUSE protocol 7.30, and 7.31 or newer is needed: "
              "use Linux 5.4 or newer");
  }
  EXPECT_EQ(error_of(parse(raw(InitIn{.major = 6, .minor = 99}))), EPROTO);
  EXPECT_EQ(error_of(parse(raw(InitIn{}))), EPROTO);
}

TEST(WireInit, a_newer_major_asks_for_ours) {
  const auto offer = parse(raw(InitIn{.major = 8, .minor = 1, .flags = 0xff}).substr(0, 8));
  ASSERT_TRUE(offer);
  EXPECT_TRUE(offer->wants_our_major());
  EXPECT_TRUE(offer->flags.none());
}

TEST(WireInit, a_newer_minor_and_a_longer_request_are_fine) {
  const InitIn newer{.major = 7, .minor = 99, .flags = 0x40000000, .flags2 = 0x80000000};
  const auto offer = parse(raw(newer) + std::string(64, '?'));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->minor, 99U);
  EXPECT_TRUE(offer->flags.has(InitFlag::passthrough_android_ext));
}

TEST(WireInit, every_truncation_is_refused) {
  const std::string whole = raw(InitIn{.major = 7, .minor = 45, .flags = 0x40000000, .flags2 = 1});
  for (std::size_t size = 0; size < 20; ++size) {
    const auto offer = parse(whole.substr(0, size));
    ASSERT_FALSE(offer) << size;
    EXPECT_EQ(error_of(offer), EIO);
    EXPECT_EQ(offer.error().line().find('\n'), std::string::npos);
  }
  EXPECT_TRUE(parse(whole.substr(0, 20)));
}

}  // namespace
}  // namespace sluice::wire
