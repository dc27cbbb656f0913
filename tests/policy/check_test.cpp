// SPDX-License-Identifier: MIT
// A policy's own tests, rules that do nothing, subjects that cannot be proved, counts of places.
#include "sluice/policy/check.h"

#include <gtest/gtest.h>

#include "support.h"

namespace sluice::policy {
namespace {

TEST(Tests, that_fail_say_what_came_instead) {
  const Program program = program_of(
      "version = 1\n[[rule]]\nid = \"r\"\npath = \"a\"\nverdict = \"readonly\"\n"
      "[[test]]\npath = \"a\"\nmode = \"w\"\nexpect = { see = \"yes\", write = \"native\", read = "
      "\"native\" }\n"
      "[[test]]\npath = \"b\"\nexpect = { rule = \"r\", log = \"open\" }\n"
      "[[test]]\npath = \"a\"\nmode = \"w\"\nexpect = { write = \"deny\", rule = \"r\" }\n");
  const auto results = run_tests(program);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_FALSE(results[0].passed);
  EXPECT_FALSE(results[1].passed);
  EXPECT_TRUE(results[2].passed);
  EXPECT_EQ(
      text_of(failures_of(program, results)),
      "p.toml:6:1: test of `a` as `anyone`: expected `write = \"native\"`, got \"deny\" by `r`\n"
      "p.toml:10:1: test of `b` as `anyone`: expected `log = \"open\"`, got \"none\" by `default`\n"
      "p.toml:10:1: test of `b` as `anyone`: expected rule `r` to win, got `default`\n");
}

std::string dead(const std::string& text) {
  return text_of(dead_rules(program_of("version = 1\n[subject.s]\nuid = 1\n" + text)));
}
std::string rule(const std::string& id, const std::string& rest) {
  return "[[rule]]\nid = \"" + id + "\"\n" + rest + "\n";
}

TEST(DeadRules, that_match_nothing_are_told) {
  EXPECT_EQ(dead(rule("r", "path = [\"a/b\", \"!a/\"]\nverdict = \"hide\"")),
            "p.toml:5:6: warning: rule `r` can never match: its exceptions take out everything "
            "that it names\n");
  EXPECT_EQ(dead(rule("r", "path = [\"a/\", \"!a/b\"]\nverdict = \"hide\"")), "");
}

TEST(DeadRules, that_stricter_ones_cover_are_told) {
  const std::string all = rule("all", "path = [\"*.pem\", \"*.key\"]\nverdict = \"hide\"");
  EXPECT_EQ(dead(all + rule("some", "path = \"x/*.pem\"\nverdict = \"deny\"")),
            "p.toml:9:6: warning: rule `some` can never win: `all` is as strict and covers all "
            "that it names\n");
  EXPECT_EQ(dead(all + rule("same", "path = \"*.key\"\nwho = \"s\"\nverdict = \"hide\"")),
            "p.toml:9:6: warning: rule `same` can never win: `all` is as strict and covers all "
            "that it names\n");
  EXPECT_EQ(dead(all + rule("some", "path = \"*.pe?\"\nverdict = \"deny\"")), "");
  EXPECT_EQ(dead(all + rule("log", "path = \"*.pem\"\nlog = \"open\"")), "");
}

TEST(DeadRules, of_others_cover_nothing) {
  EXPECT_EQ(dead(rule("s", "who = \"s\"\nverdict = \"hide\"") +
                 rule("all", "path = \"a\"\nverdict = \"hide\"")),
            "");
}

TEST(Unprovable, names_subjects_that_rules_need) {
  const Program program = program_of(
      "version = 1\n[subject.a]\nuid = 1\n[subject.b]\nunit = \"u\"\n[subject.c]\nunit = \"u\"\n" +
      rule("r", "who = [\"a\", \"b\"]\nverdict = \"hide\""));
  const auto told =
      unprovable(program, [](const SubjectSpec& subject) { return subject.units.empty(); });
  EXPECT_EQ(text_of(told),
            "p.toml:4:10: warning: nothing here can prove that a caller is `b`, so rule `r` and"
            " others for it do nothing\n");
}

TEST(Estimate, counts_directory_places) {
  EXPECT_EQ(count_places(program_of(hiding({"*.a"}))).places, 2u);
  EXPECT_EQ(count_places(program_of(hiding({"x/y/z"}))).places, 5u);
  std::string text = "version = 1\n";
  for (int i = 0; i < 8; ++i)
    text += rule("r" + std::to_string(i),
                 "path = \"**/x" + std::to_string(i) + "/**/y\"\nverdict = \"hide\"");
  const Program tangled = program_of(text);
  const Estimate exact = count_places(tangled);
  EXPECT_TRUE(exact.exact);
  EXPECT_GT(exact.places, 256u);
  EXPECT_FALSE(count_places(tangled, 100).exact);
}

}  // namespace
}  // namespace sluice::policy
