// SPDX-License-Identifier: MIT
// Compiled detectors that are kept, and the digest that they are known by.
#include <gtest/gtest.h>

#include "sluice/inspect/builtin.h"
#include "text_support.h"

namespace sluice::inspect {
namespace {

std::vector<RuleSet> sets(std::string regex, double entropy = 0) {
  Rule rule = rule_of("r", std::move(regex));
  rule.entropy = entropy;
  std::vector<RuleSet> all(1);
  all[0] = {"t", {rule}, {}};
  return all;
}

TEST(SavedDetectors, find_what_compiled_ones_find) {
  const auto first = Detectors::compile(sets("tok_[a-z]{4}"));
  ASSERT_TRUE(first.has_value());
  const auto saved = first->save();
  const auto second = Detectors::compile(sets("tok_[a-z]{4}"), saved);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(first->digest(), second->digest());
  EXPECT_EQ(second->save(), saved);
  EXPECT_EQ(found_in(*second, "tok_abcd"), (Strings{"r@1:tok_abcd"}));
}

TEST(SavedDetectors, of_other_rules_or_damaged_are_not_used) {
  const auto other = Detectors::compile(sets("other[0-9]"));
  ASSERT_TRUE(other.has_value());
  auto saved = other->save();
  const auto detectors = Detectors::compile(sets("tok_[a-z]{4}"), saved);
  ASSERT_TRUE(detectors.has_value());
  EXPECT_EQ(found_in(*detectors, "tok_abcd other1"), (Strings{"r@1:tok_abcd"}));
  // Its head is right, and what follows is cut off.
  for (std::size_t size = 0; size < saved.size(); size += 7) {
    const auto again = Detectors::compile(sets("other[0-9]"), Bytes{saved}.first(size));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(found_in(*again, "other1").size(), 1u) << size;
  }
}

TEST(DetectorDigest, changes_with_whatever_changes_what_is_found) {
  const auto one = Detectors::compile(sets("a[0-9]"));
  EXPECT_EQ(one->digest(), Detectors::compile(sets("a[0-9]"))->digest());
  EXPECT_NE(one->digest(), Detectors::compile(sets("a[0-8]"))->digest());
  EXPECT_NE(one->digest(), Detectors::compile(sets("a[0-9]", 1))->digest());
  auto keyword = sets("a[0-9]");
  keyword[0].rules[0].keywords = {"a"};
  EXPECT_NE(one->digest(), Detectors::compile(keyword)->digest());
  auto global = sets("a[0-9]");
  global[0].allowlists.push_back({.stopwords = {"x"}});
  EXPECT_NE(one->digest(), Detectors::compile(global)->digest());
  auto renamed = sets("a[0-9]");
  renamed[0].name = "u";
  EXPECT_NE(one->digest(), Detectors::compile(renamed)->digest());
}

TEST(Detectors, are_known_by_their_full_names) {
  const auto detectors = Detectors::compile(sets("a[0-9]"));
  ASSERT_TRUE(detectors->find("t:r").has_value());
  EXPECT_EQ(detectors->name(*detectors->find("t:r")), "t:r");
  EXPECT_FALSE(detectors->find("r").has_value());
  EXPECT_EQ(detectors->of_set("t").size(), 1u);
  EXPECT_TRUE(detectors->of_set("u").empty());
}

TEST(Detectors, refuse_one_name_twice_and_rules_that_are_wrong) {
  auto twice = sets("a");
  twice[0].rules.push_back(rule_of("r", "b"));
  EXPECT_EQ(Detectors::compile(twice).error().line(),
            "detector `t:r` is there twice; rename or disable one");
  EXPECT_TRUE(Detectors::compile(sets("(")).error().line().starts_with(
      "detector `t:r`: the regex does not compile"));
  auto required = sets("a");
  required[0].rules[0].required.push_back({"zz", {}, {}});
  EXPECT_EQ(Detectors::compile(required).error().line(),
            "detector `t:r`: it requires `zz`, which is not there");
}

TEST(Detectors, know_their_reach) {
  EXPECT_EQ(Detectors::compile(sets("a[0-9]{7}"))->reach(), 8u);
  EXPECT_TRUE(Detectors::compile(sets("a[0-9]{7}"))->unbounded().empty());
  EXPECT_EQ(Detectors::compile(sets("a[0-9]+"))->unbounded().size(), 1u);
}

TEST(BuiltinDetectors, all_have_a_longest_match_and_fit_the_fast_engine) {
  const auto detectors = Detectors::compile({builtin_rules()});
  ASSERT_TRUE(detectors.has_value()) << detectors.error().line();
  for (const DetectorIndex one : detectors->unbounded()) ADD_FAILURE() << detectors->name(one);
  for (const DetectorIndex one : detectors->slow()) ADD_FAILURE() << detectors->name(one);
  EXPECT_LT(detectors->reach(), 100'000u);
}

}  // namespace
}  // namespace sluice::inspect
