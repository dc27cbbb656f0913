// SPDX-License-Identifier: MIT
// The Reader's own promises: what is short gives EIO and consumes nothing, counts are compared
// before they are used, and the fixed piece serves the first struct only.
#include "sluice/wire/reader.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "support.h"

namespace sluice::wire {
namespace {

using test::error_of;
using test::Exact;
using test::raw;
using test::with_nul;

static_assert(Struct<OpenIn> && Struct<std::uint32_t>);
struct Holey {
  std::uint8_t a;
  std::uint32_t b;
};
static_assert(!Struct<Holey>, "hidden padding could leak bytes of ours");
static_assert(!Struct<std::string>);
static_assert(std::forward_iterator<Array<ForgetOne>::Iterator>);

TEST(WireReader, a_struct_may_stand_at_any_address) {
  const Exact bytes{"x" + raw(ForgetOne{.nodeid = 3, .nlookup = 4})};
  Reader in{bytes.get().subspan(1)};
  const auto one = in.take<ForgetOne>();
  ASSERT_TRUE(one);
  EXPECT_EQ(one->nodeid, 3U);
  EXPECT_EQ(one->nlookup, 4U);
}

TEST(WireReader, what_is_short_consumes_nothing) {
  const Exact bytes{"abc"};
  Reader in{bytes.get()};
  EXPECT_EQ(error_of(in.take<OpenIn>()), EIO);
  EXPECT_EQ(error_of(in.take_name()), EIO);
  EXPECT_EQ(error_of(in.take_text()), EIO);
  EXPECT_EQ(error_of(in.take_bytes(4)), EIO);
  EXPECT_EQ(error_of(in.take_extensions(4)), EIO);
  EXPECT_EQ(error_of(in.take_array<std::uint32_t>(1)), EIO);
  EXPECT_EQ(in.left(), 3U);
  EXPECT_EQ(text_of(in.rest()), "abc");
  EXPECT_EQ(in.left(), 0U);
}

TEST(WireReader, an_empty_request_has_nothing_to_take) {
  Reader in{Bytes{}};
  EXPECT_FALSE(in.take<std::uint32_t>());
  EXPECT_FALSE(in.take_name());
  EXPECT_FALSE(in.take_text());
  EXPECT_FALSE(in.take_bytes(1));
  EXPECT_TRUE(in.take_bytes(0));
  EXPECT_TRUE(in.take_array<ForgetOne>(0));
  EXPECT_TRUE(in.take_extensions(0));
  EXPECT_TRUE(in.rest().empty());
}

TEST(WireReader, huge_sizes_and_counts_are_refused_without_overflow) {
  const Exact bytes{std::string(64, 'x')};
  Reader in{bytes.get()};
  constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();
  for (std::uint64_t count : {std::uint64_t{5}, kHuge, kHuge / 16, kHuge / 16 + 1, kHuge / 16 + 2,
                              std::uint64_t{1} << 60, (std::uint64_t{1} << 60) + 1}) {
    EXPECT_FALSE(in.take_array<ForgetOne>(count)) << count;
  }
  EXPECT_FALSE(in.take_bytes(kHuge));
  EXPECT_FALSE(in.take_extensions(kHuge));
  EXPECT_TRUE(in.take_array<ForgetOne>(4));
}

TEST(WireReader, an_array_gives_each_element_in_order) {
  const Exact bytes{"?" + raw(ForgetOne{1, 2}) + raw(ForgetOne{3, 4}) + "tail"};
  Reader in{bytes.get().subspan(1)};
  const auto array = in.take_array<ForgetOne>(2);
  ASSERT_TRUE(array);
  EXPECT_EQ(array->size(), 2U);
  std::vector<std::uint64_t> seen;
  for (const ForgetOne& one : *array) seen.insert(seen.end(), {one.nodeid, one.nlookup});
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(text_of(in.rest()), "tail");
}

TEST(WireReader, names_and_texts_end_at_their_nul) {
  const Exact bytes{with_nul("one") + with_nul("") + with_nul("/etc/two") + with_nul("three")};
  Reader in{bytes.get()};
  EXPECT_EQ(in.take_name()->view(), "one");
  EXPECT_EQ(error_of(in.take_name()), EIO);  // empty: no name, but a text
  EXPECT_EQ(*in.take_text(), "");
  EXPECT_EQ(error_of(in.take_name()), EIO);  // has a '/'
  const auto text = in.take_text();
  EXPECT_EQ(*text, "/etc/two");
  EXPECT_EQ(*text->end(), '\0');
  EXPECT_STREQ(in.take_name()->c_str(), "three");
  EXPECT_EQ(in.left(), 0U);
}

TEST(WireReader, a_name_may_be_as_long_as_the_kernel_sends_them) {
  const Exact longest{with_nul(std::string(kMaxName, 'n'))};
  EXPECT_TRUE(Reader{longest.get()}.take_name());
  const Exact longer{with_nul(std::string(kMaxName + 1, 'n'))};
  EXPECT_FALSE(Reader{longer.get()}.take_name());
}

TEST(WireReader, extensions_come_off_the_end_and_leave_the_rest) {
  const Exact bytes{with_nul("n") + "EXTENDED"};
  Reader in{bytes.get()};
  const auto extensions = in.take_extensions(8);
  ASSERT_TRUE(extensions);
  EXPECT_EQ(text_of(*extensions), "EXTENDED");
  EXPECT_EQ(in.left(), 2U);
  EXPECT_EQ(in.take_name()->view(), "n");
}

TEST(WireReader, the_fixed_piece_serves_the_first_struct_only) {
  const Exact fixed{raw(Rename2In{.newdir = 9}) + "stale bytes of an earlier request"};
  const Exact payload{raw(ForgetOne{1, 2}) + with_nul("a")};
  Reader in{fixed.get(), payload.get()};
  EXPECT_EQ(in.left(), payload.get().size());
  EXPECT_EQ(in.take<Rename2In>()->newdir, 9U);
  EXPECT_EQ(in.left(), payload.get().size());
  EXPECT_EQ(in.take<ForgetOne>()->nlookup, 2U);
  EXPECT_EQ(in.take_name()->view(), "a");
}

TEST(WireReader, a_request_without_a_fixed_struct_is_read_from_the_payload_alone) {
  const Exact fixed{raw(Rename2In{.newdir = 9})};
  const Exact payload{with_nul("a") + raw(ForgetOne{1, 2})};
  Reader in{fixed.get(), payload.get()};
  EXPECT_EQ(in.take_name()->view(), "a");
  EXPECT_EQ(in.take<ForgetOne>()->nodeid, 1U);
}

TEST(WireReader, a_fixed_piece_that_is_short_is_not_made_up_from_the_payload) {
  const Exact fixed{"1234567"};
  const Exact payload{std::string(64, 'x')};
  Reader in{fixed.get(), payload.get()};
  EXPECT_EQ(error_of(in.take<OpenIn>()), EIO);
  EXPECT_EQ(in.left(), 64U);
}

}  // namespace
}  // namespace sluice::wire
