// SPDX-License-Identifier: MIT
// Extensions as the kernel appends them, in order and out of it, and cut and bent in every place.
#include "sluice/wire/extensions.h"

#include <gtest/gtest.h>

#include <vector>

#include "support.h"

namespace sluice::wire {
namespace {

using test::error_of;
using test::Exact;
using test::raw;
using test::with_nul;
using test::zeroes;

std::string padded(std::string bytes) {
  bytes.resize(align_record(bytes.size()));
  return bytes;
}
std::string context(std::string_view name, std::string_view value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  return padded(raw(Secctx{.size = size}) + with_nul(name) + std::string{value});
}
std::string contexts(std::uint32_t count, const std::string& body) {
  const auto size = static_cast<std::uint32_t>(8 + body.size());
  return raw(SecctxHeader{.size = size, .nr_secctx = count}) + body;
}
std::string groups(const std::vector<std::uint32_t>& gids) {
  std::string body = raw(SuppGroups{.nr_groups = static_cast<std::uint32_t>(gids.size())});
  for (std::uint32_t gid : gids) body += raw(gid);
  body = padded(raw(ExtHeader{}) + body).substr(8);
  const auto size = static_cast<std::uint32_t>(8 + body.size());
  return raw(ExtHeader{.size = size, .type = kExtGroups}) + body;
}

struct Seen {
  std::vector<std::pair<std::string, std::string>> contexts;
  std::vector<std::uint32_t> groups;
  friend bool operator==(const Seen&, const Seen&) = default;
};
Result<Seen> parse(const std::string& area) {
  const Exact exact{area};
  const auto extensions = TRY(Extensions::parse(exact.get()));
  Seen seen;
  auto list = extensions.security_contexts();
  const auto announced = list.left();
  while (const auto one = list.next()) seen.contexts.emplace_back(one->name, text_of(one->value));
  EXPECT_EQ(seen.contexts.size(), announced);
  for (std::uint32_t gid : extensions.groups()) seen.groups.push_back(gid);
  return seen;
}

TEST(WireExtensions, none_is_none) {
  EXPECT_EQ(*parse(""), Seen{});
  EXPECT_EQ(*parse(contexts(0, "")), Seen{});
}

TEST(WireExtensions, what_the_kernel_sends_for_one_context_and_one_group_is_read) {
  const std::string area =
      raw({40, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}) +  //
      with_nul("security.selinux") + "a:b" + zeroes(4) +        //
      raw({16, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 0xe8, 3, 0, 0});
  EXPECT_EQ(*parse(area), (Seen{{{"security.selinux", "a:b"}}, {1000}}));
  EXPECT_EQ(area, contexts(1, context("security.selinux", "a:b")) + groups({1000}));
}

TEST(WireExtensions, several_contexts_and_either_order_are_read) {
  const std::string two = contexts(2, context("security.a", "1") + context("security.b", ""));
  const Seen seen{{{"security.a", "1"}, {"security.b", ""}}, {5, 6, 7}};
  EXPECT_EQ(*parse(two + groups({5, 6, 7})), seen);
  EXPECT_EQ(*parse(groups({5, 6, 7}) + two), seen);
}

TEST(WireExtensions, a_value_is_bytes_and_may_hold_anything) {
  const std::string value{"a\0/b\0", 5};
  EXPECT_EQ(*parse(contexts(1, context("n", value))), (Seen{{{"n", value}}, {}}));
}

TEST(WireExtensions, a_list_can_be_read_twice) {
  const Exact exact{contexts(1, context("n", "v"))};
  const auto extensions = Extensions::parse(exact.get());
  ASSERT_TRUE(extensions);
  auto first = extensions->security_contexts();
  EXPECT_TRUE(first.next());
  EXPECT_FALSE(first.next());
  EXPECT_TRUE(extensions->security_contexts().next());
}

TEST(WireExtensions, a_kind_without_a_meaning_here_is_skipped) {
  const std::string unknown = raw(ExtHeader{.size = 24, .type = 77}) + std::string(16, '?');
  EXPECT_EQ(*parse(unknown + groups({9}) + unknown), (Seen{{}, {9}}));
}

TEST(WireExtensions, every_truncation_is_refused) {
  const std::string two = contexts(2, context("security.a", "12345") + context("b", "678"));
  const std::string whole = two + groups({1, 2});
  ASSERT_TRUE(parse(whole));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto seen = parse(whole.substr(0, size));
    if (size == two.size()) {
      EXPECT_TRUE(seen) << "cut between two extensions";
    } else {
      ASSERT_FALSE(seen) << size;
      EXPECT_EQ(error_of(seen), EIO);
    }
  }
}

TEST(WireExtensions, sizes_and_counts_that_lie_are_refused) {
  const std::string body = context("n", "v");
  for (std::uint32_t size : {0U, 1U, 7U, 9U, 31U, 0x7fffffffU, 0xfffffff8U, 0xffffffffU}) {
    EXPECT_FALSE(parse(raw(SecctxHeader{.size = size, .nr_secctx = 1}) + body)) << size;
    EXPECT_FALSE(parse(raw(ExtHeader{.size = size, .type = kExtGroups}) + zeroes(3))) << size;
  }
  EXPECT_FALSE(parse(contexts(2, body)));
  EXPECT_FALSE(parse(contexts(31, body)));
  for (std::uint32_t size : {7U, 0x7fffffffU, 0xffffffffU}) {
    const std::string lying = raw(Secctx{.size = size}) + with_nul("n") + "v" + zeroes(5);
    EXPECT_FALSE(parse(contexts(1, lying))) << size;
  }
  for (std::uint32_t count : {2U, 0x40000000U, 0x40000001U, 0xffffffffU}) {
    std::string lying = groups({1});
    lying.replace(8, 4, raw(count));
    EXPECT_FALSE(parse(lying)) << count;
  }
}

TEST(WireExtensions, contexts_need_a_name_of_bearable_length) {
  EXPECT_FALSE(parse(contexts(1, context("", "v"))));
  EXPECT_TRUE(parse(contexts(1, context(std::string(255, 'n'), "v"))));
  EXPECT_FALSE(parse(contexts(1, context(std::string(256, 'n'), "v"))));
  EXPECT_FALSE(parse(contexts(1, raw(Secctx{.size = 0}) + std::string(8, 'n'))));  // no NUL
}

TEST(WireExtensions, a_kind_that_comes_twice_is_refused) {
  EXPECT_FALSE(parse(groups({1}) + groups({2})));
  EXPECT_FALSE(parse(contexts(0, "") + contexts(1, context("n", "v"))));
}

TEST(WireExtensions, flipping_any_byte_never_reads_out_of_bounds) {
  const std::string two = contexts(2, context("security.a", "12") + context("b", ""));
  const std::string whole = two + groups({1});
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bent = whole;
      bent[at] = static_cast<char>(value);
      if (!parse(bent)) ++refused;
    }
  }
  EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace sluice::wire
