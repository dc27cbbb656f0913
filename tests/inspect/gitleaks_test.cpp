// SPDX-License-Identifier: MIT
// Reading gitleaks' format: each field, and what is said of each mistake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "text_support.h"

namespace sluice::inspect {
namespace {

using testing::HasSubstr;

GitleaksRules must_read(std::string_view text, const RuleFile& files = no_rule_files(),
                        Strings disabled = {}) {
  auto read = read_gitleaks({"g.toml", std::string{text}, "t", std::move(disabled)}, files);
  EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().front().line());
  return read ? std::move(*read) : GitleaksRules{};
}

RuleFile files_of(std::map<std::string, std::string> files) {
  return [files = std::move(files)](std::string_view path) -> Result<std::string, Error> {
    const auto found = files.find(std::string{path});
    if (found == files.end())
      return fail(Error::of("cannot read `" + std::string{path} + "`", ENOENT));
    return found->second;
  };
}

TEST(Gitleaks, reads_every_field_of_a_rule) {
  const auto read = must_read(R"(
title = "x"
minVersion = "v8.25.0"
[[rules]]
id = "a"
description = "An a"
regex = '''a(b)(c)'''
secretGroup = 2
entropy = 3.5
path = '''\.env$'''
keywords = ["A", "b"]
tags = ["one"]
skipReport = true
[[rules.allowlists]]
description = "none"
condition = "AND"
regexTarget = "line"
paths = ["p"]
regexes = ["r"]
stopwords = ["s"]
commits = ["c"]
[[rules.required]]
id = "b"
withinLines = 5
withinColumns = 7
[[rules]]
id = "b"
path = "x"
)");
  ASSERT_EQ(read.rules.rules.size(), 2u);
  const Rule& rule = read.rules.rules[0];
  EXPECT_EQ(rule.id, "a");
  EXPECT_EQ(rule.description, "An a");
  EXPECT_EQ(rule.regex, "a(b)(c)");
  EXPECT_EQ(rule.group, 2u);
  EXPECT_EQ(rule.entropy, 3.5);
  EXPECT_EQ(rule.path, "\\.env$");
  EXPECT_EQ(rule.keywords, (Strings{"A", "b"}));
  EXPECT_EQ(rule.tags, (Strings{"one"}));
  EXPECT_EQ(rule.reported, Reported::no);
  ASSERT_EQ(rule.allowlists.size(), 1u);
  EXPECT_EQ(rule.allowlists[0].condition, Condition::all);
  EXPECT_EQ(rule.allowlists[0].target, Target::line);
  EXPECT_EQ(rule.allowlists[0].stopwords, (Strings{"s"}));
  ASSERT_EQ(rule.required.size(), 1u);
  EXPECT_EQ(rule.required[0].within_lines, 5u);
  EXPECT_EQ(rule.required[0].within_columns, 7u);
}

TEST(Gitleaks, warns_that_commits_never_apply) {
  const auto read =
      must_read("[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\ncommits=['abc']\n");
  ASSERT_EQ(read.warnings.size(), 1u);
  EXPECT_THAT(read.warnings[0], HasSubstr("g.toml:4:"));
  EXPECT_THAT(read.warnings[0], HasSubstr("rule `a`"));
}

TEST(Gitleaks, compares_keys_without_regard_to_case) {
  const auto read = must_read(
      "[[Rules]]\nID='a'\nRegex='(a)b'\nsecretgroup=1\n[Rules.allowList]\nstopWords=['q']\n");
  ASSERT_EQ(read.rules.rules.size(), 1u);
  EXPECT_EQ(read.rules.rules[0].group, 1u);
  EXPECT_EQ(read.rules.rules[0].allowlists.size(), 1u);
}

TEST(Gitleaks, takes_one_text_for_a_list_with_commas) {
  EXPECT_EQ(must_read("[[rules]]\nid='a'\nregex='a'\nkeywords='x,y'\n").rules.rules[0].keywords,
            (Strings{"x", "y"}));
}

TEST(Gitleaks, gives_each_mistake_its_place_and_the_rules_id) {
  const std::string wrong = wrong_with(
      "[[rules]]\nid='good'\nregex='a'\n[[rules]]\nid='bad'\nregex='a'\nentropy='high'\nfoo=1\n");
  EXPECT_THAT(wrong, HasSubstr("g.toml:7:1: rule `bad`: `entropy` must be a number"));
  EXPECT_THAT(wrong, HasSubstr("g.toml:8:1: rule `bad`: unknown key `foo`"));
}

TEST(Gitleaks, refuses_what_it_cannot_honour) {
  const std::pair<const char*, const char*> cases[] = {
      {"[[rules]]\nid='a'\nregex='(?=x)'\n", "rule `a`: the regex does not compile"},
      {"[[rules]]\nid='a'\nregex='a*'\n", "matches the empty text"},
      {"[[rules]]\nid='a'\nregex='(a)'\nsecretGroup=2\n", "group 2, but the regex has 1"},
      {"[[rules]]\nid='a'\nregex='(a)'\nsecretGroup=-1\n", "must not be negative"},
      {"[[rules]]\nid='a'\n", "neither `regex` nor `path`"},
      {"[[rules]]\nregex='a'\n", "without an id"},
      {"[[rules]]\nid='a'\npath='('\n", "`path` does not compile"},
      {"[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\ndescription='x'\n",
       "must have commits, paths"},
      {"[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\nregexes=['(']\n",
       "`regexes` in an allowlist"},
      {"[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\nstopwords=['']\n", "an empty stopword"},
      {"[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\ncondition='XOR'\nstopwords=['q']\n",
       "unknown condition"},
      {"[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\nregexTarget='x'\nregexes=['q']\n",
       "unknown regexTarget"},
      {"[[rules]]\nid='a'\nregex='a'\n[rules.allowlist]\nstopwords=['q']\n[[rules.allowlists]]"
       "\nstopwords=['q']\n",
       "only one of them"},
      {"[[rules]]\nid='a'\nregex='a'\n[[rules.required]]\nid='b'\n",
       "requires `b`, which is not a rule"},
      {"[[rules]]\nid='a'\nregex='a'\n[[rules.required]]\nwithinLines=1\n", "it has no `id`"},
      {"[[allowlists]]\nstopwords=['q']\ntargetRules=['zz']\n", "names `zz`, which is not a rule"},
      {"[extend]\nuseDefault=true\n", "do not come with Sluice"},
      {"[extend]\nurl='https://x/'\n", "nothing is fetched"},
      {"[extend]\npath='other.toml'\n", "`other.toml` cannot be read here"},
      {"rules = 3\n", "must be a list of tables"},
      {"[[rules]\n", "not TOML"},
  };
  for (const auto& [text, why] : cases) EXPECT_THAT(wrong_with(text), HasSubstr(why)) << text;
}

TEST(Gitleaks, of_two_rules_with_one_id_the_last_counts_and_it_says_so) {
  const auto read = must_read("[[rules]]\nid='a'\nregex='x'\n[[rules]]\nid='a'\nregex='y'\n");
  ASSERT_EQ(read.rules.rules.size(), 1u);
  EXPECT_EQ(read.rules.rules[0].regex, "y");
  EXPECT_EQ(read.warnings.size(), 1u);
}

TEST(GitleaksExtend, puts_its_own_over_the_extended_files_rules) {
  const auto files = files_of({{"base.toml",
                                "[[rules]]\nid='a'\nregex='x'\nentropy=2.0\nkeywords=['k']\n"
                                "[[rules]]\nid='b'\nregex='y'\n[[rules]]\nid='c'\nregex='z'\n"
                                "[allowlist]\npaths=['p']\n"}});
  const auto read = must_read(
      "[extend]\npath='base.toml'\ndisabledRules=['b']\n"
      "[[rules]]\nid='a'\nentropy=3.0\nkeywords=['l']\n[[rules]]\nid='d'\nregex='w'\n",
      files);
  std::map<std::string, Rule> rules;
  for (const Rule& rule : read.rules.rules) rules.emplace(rule.id, rule);
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules.at("a").regex, "x");
  EXPECT_EQ(rules.at("a").entropy, 3);
  EXPECT_EQ(rules.at("a").keywords, (Strings{"k", "l"}));
  EXPECT_FALSE(rules.contains("b"));
  EXPECT_EQ(read.rules.allowlists.size(), 1u);
}

TEST(GitleaksExtend, goes_two_files_deep_and_ends_where_files_extend_each_other) {
  const auto files =
      files_of({{"a.toml", "[extend]\npath='b.toml'\n[[rules]]\nid='a'\nregex='x'\n"},
                {"b.toml", "[extend]\npath='a.toml'\n[[rules]]\nid='b'\nregex='x'\n"}});
  const auto read = must_read("[extend]\npath='a.toml'\n", files);
  EXPECT_EQ(read.rules.rules.size(), 2u);
  EXPECT_EQ(read.warnings.size(), 1u);
}

TEST(GitleaksExtend, names_the_extended_file_in_what_is_wrong_with_it) {
  const auto files = files_of({{"base.toml", "[[rules]]\nid='a'\nfoo=1\nregex='x'\n"}});
  EXPECT_THAT(wrong_with("[extend]\npath='base.toml'\n", files),
              HasSubstr("base.toml:3:1: rule `a`"));
}

TEST(GitleaksDisable, leaves_rules_out_and_refuses_names_that_are_none) {
  EXPECT_TRUE(
      must_read("[[rules]]\nid='a'\nregex='x'\n", no_rule_files(), {"a"}).rules.rules.empty());
  const auto read = read_gitleaks({"g.toml", "[[rules]]\nid='a'\nregex='x'\n", "t", {"b"}});
  ASSERT_FALSE(read.has_value());
  EXPECT_THAT(read.error().front().line(), HasSubstr("rule `b` is to be disabled"));
}

TEST(GitleaksDisable, keeps_what_others_require_unreported) {
  const auto read = must_read(
      "[[rules]]\nid='a'\nregex='x'\n[[rules]]\nid='b'\nregex='y'\n[[rules.required]]\nid='a'\n",
      no_rule_files(), {"a"});
  ASSERT_EQ(read.rules.rules.size(), 2u);
  EXPECT_EQ(read.rules.rules[0].reported, Reported::no);
}

}  // namespace
}  // namespace sluice::inspect
