// SPDX-License-Identifier: MIT
// Allowlists: which findings are forgotten again, for each target and condition.
#include <gtest/gtest.h>

#include "text_support.h"

namespace sluice::inspect {
namespace {

// A rule `key=VALUE` with one allowlist, in the rule or for all rules.
Detectors with(Allowlist allowlist) {
  Rule rule = rule_of("r", "key=([a-z0-9]+)");
  rule.allowlists.push_back(std::move(allowlist));
  return detectors_of({rule});
}
Detectors with_global(Allowlist allowlist) {
  return detectors_of({rule_of("r", "key=([a-z0-9]+)")}, {std::move(allowlist)});
}

TEST(Allowlist, regexes_are_about_the_secret_unless_told_otherwise) {
  Allowlist allowlist;
  allowlist.regexes = {"^abc$"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc key=abcd"), (Strings{"r@1:abcd"}));
  EXPECT_EQ(found_in(with_global(allowlist), "key=abc key=abcd"), (Strings{"r@1:abcd"}));
}

TEST(Allowlist, regexes_may_be_about_the_match) {
  Allowlist allowlist;
  allowlist.regexes = {"^key=abc$"};
  allowlist.target = Target::match;
  EXPECT_EQ(found_in(with(allowlist), "key=abc key=abcd"), (Strings{"r@1:abcd"}));
}

TEST(Allowlist, regexes_may_be_about_the_line) {
  Allowlist allowlist;
  allowlist.regexes = {"# test$"};
  allowlist.target = Target::line;
  EXPECT_EQ(found_in(with(allowlist), "key=abc # test\nkey=abc\n"), (Strings{"r@2:abc"}));
}

TEST(Allowlist, stopwords_are_parts_of_the_secret_without_regard_to_case) {
  Allowlist allowlist;
  allowlist.stopwords = {"XAMP", "a.c"};
  EXPECT_EQ(found_in(with(allowlist), "key=example1 key=abc"), (Strings{"r@1:abc"}));
}

TEST(Allowlist, paths_let_the_whole_file_go) {
  Allowlist allowlist;
  allowlist.paths = {"^test/", "\\.md$"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc", "test/x"), Strings{});
  EXPECT_EQ(found_in(with_global(allowlist), "key=abc", "a.md"), Strings{});
  EXPECT_EQ(found_in(with(allowlist), "key=abc", "src/test/x").size(), 1u);
}

TEST(Allowlist, with_AND_all_that_it_has_must_hold) {
  Allowlist allowlist;
  allowlist.condition = Condition::all;
  allowlist.paths = {"^test/"};
  allowlist.stopwords = {"abc"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc key=xyz", "test/x"), (Strings{"r@1:xyz"}));
  EXPECT_EQ(found_in(with(allowlist), "key=abc", "src/x").size(), 1u);
  allowlist.regexes = {"d$"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc key=abcd", "test/x"), (Strings{"r@1:abc"}));
}

TEST(Allowlist, with_AND_and_nothing_but_paths_is_about_paths) {
  Allowlist allowlist;
  allowlist.condition = Condition::all;
  allowlist.paths = {"^test/"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc", "test/x"), Strings{});
}

TEST(Allowlist, paths_do_not_count_where_the_path_is_not_known) {
  Allowlist allowlist;
  allowlist.paths = {".*"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc", "").size(), 1u);
  allowlist.condition = Condition::all;
  allowlist.stopwords = {"abc"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc", "").size(), 1u);
  EXPECT_EQ(found_in(with(allowlist), "key=abc", "x"), Strings{});
}

TEST(Allowlist, a_rule_about_a_path_holds_where_the_path_is_not_known) {
  Rule rule = rule_of("r", "key=([a-z0-9]+)");
  rule.path = "\\.env$";
  const Detectors detectors = detectors_of({rule});
  EXPECT_EQ(found_in(detectors, "key=abc", "a.txt"), Strings{});
  EXPECT_EQ(found_in(detectors, "key=abc", "").size(), 1u);
}

TEST(Allowlist, commits_never_hold) {
  Allowlist allowlist;
  allowlist.commits = {"abc"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc").size(), 1u);
  allowlist.condition = Condition::all;
  allowlist.stopwords = {"abc"};
  EXPECT_EQ(found_in(with(allowlist), "key=abc").size(), 1u);
}

TEST(Allowlist, is_for_the_rules_that_it_targets_alone) {
  const auto detectors = gitleaks_of(
      "[[rules]]\nid='a'\nregex='a[0-9]+'\n[[rules]]\nid='b'\nregex='b[0-9]+'\n"
      "[[allowlists]]\ntargetRules=['a']\nstopwords=['7']\n");
  EXPECT_EQ(found_in(detectors, "a7 b7"), (Strings{"b@1:b7"}));
}

TEST(AllowComments, count_only_where_the_policy_says_so) {
  const auto detectors = detectors_of({rule_of("r", "key=([a-z]+)")});
  const std::string_view text = "key=abc # gitleaks:allow\nkey=def\n";
  EXPECT_EQ(found_in(detectors, text).size(), 2u);
  EXPECT_EQ(found_in(detectors, text, "f", AllowComments::honoured), (Strings{"r@2:def"}));
}

}  // namespace
}  // namespace sluice::inspect
