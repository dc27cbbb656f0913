// SPDX-License-Identifier: MIT
// What a name may be. Whatever passes is one component, safe to hand to openat(2).
#include "sluice/wire/name.h"

#include <gtest/gtest.h>

#include "support.h"

namespace sluice::wire {
namespace {

using test::error_of;
using test::Exact;
using test::with_nul;

Result<Name> of_bytes(const Exact& exact) { return Name::from(exact.get()); }

TEST(WireName, an_ordinary_name_keeps_its_nul_and_its_place) {
  const Exact bytes{with_nul("a.txt")};
  const auto name = of_bytes(bytes);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->view(), "a.txt");
  EXPECT_STREQ(name->c_str(), "a.txt");
  EXPECT_EQ(name->size(), 5U);
  EXPECT_EQ(static_cast<const void*>(name->c_str()), bytes.get().data());
  EXPECT_TRUE(*name == "a.txt");
  EXPECT_FALSE(*name == "a.tx");
}

TEST(WireName, odd_but_lawful_names_pass) {
  for (std::string_view text :
       {"...", ".a", "..a", "a.", " ", "\n", "\xff\xfe", "a\\b", "-", "*"}) {
    const auto name = of_bytes(Exact{with_nul(text)});
    EXPECT_TRUE(name.has_value()) << text;
    EXPECT_TRUE(Name::from(with_nul(text).c_str()).has_value()) << text;
  }
}

TEST(WireName, what_is_no_single_component_is_refused) {
  for (std::string_view text : {"", ".", "..", "/", "a/", "/a", "a/b", "../a", "./"}) {
    const auto name = of_bytes(Exact{with_nul(text)});
    ASSERT_FALSE(name.has_value()) << text;
    EXPECT_EQ(error_of(name), EIO);
    const auto pointed = Name::from(with_nul(text).c_str());
    ASSERT_FALSE(pointed.has_value()) << text;
    EXPECT_EQ(error_of(pointed), EIO);
  }
}

TEST(WireName, the_nul_must_be_the_last_byte_and_the_only_one) {
  EXPECT_FALSE(of_bytes(Exact{""}));
  EXPECT_FALSE(of_bytes(Exact{"abc"}));
  EXPECT_FALSE(of_bytes(Exact{with_nul("a") + with_nul("b")}));
  EXPECT_FALSE(of_bytes(Exact{with_nul("a") + "b"}));
  EXPECT_FALSE(of_bytes(Exact{test::zeroes(2)}));
}

TEST(WireName, the_longest_name_passes_and_one_byte_more_does_not) {
  const std::string longest(kMaxName, 'x');
  const std::string longer(kMaxName + 1, 'x');
  EXPECT_TRUE(of_bytes(Exact{with_nul(longest)}));
  EXPECT_FALSE(of_bytes(Exact{with_nul(longer)}));
  EXPECT_TRUE(Name::from(longest.c_str()));
  EXPECT_FALSE(Name::from(longer.c_str()));
}

TEST(WireName, the_default_is_empty_with_a_usable_c_str) {
  const Name name;
  EXPECT_TRUE(name.empty());
  EXPECT_STREQ(name.c_str(), "");
  EXPECT_EQ(name, Name{});
}

}  // namespace
}  // namespace sluice::wire
