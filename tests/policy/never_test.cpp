// SPDX-License-Identifier: MIT
// [[never]]: proved, refuted with a path that really has the verdict, or refused as too entangled.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support.h"

namespace sluice::policy {
namespace {

const std::string kHead = "version = 1\n[subject.agent]\nrun_as = true\n[subject.other]\nuid = 1\n";

std::string rule(std::string_view id, std::string_view rest) {
  return fmt::format("[[rule]]\nid = \"{}\"\n{}\n", id, rest);
}

TEST(Never, that_holds_is_taken) {
  for (const char* never : {
           "who = \"agent\"\npath = \".env\"\nsee = \"yes\"",
           "who = \"agent\"\npath = [\"a/.env\", \"*.env\"]\nread = \"native\"",
           "who = \"agent\"\npath = \"k/**\"\nmode = \"w\"\nwrite = [\"native\", \"served\"]",
           "path = \"k/\"\nwrite = \"native\"",
           "path = [\"k/\", \"!k/\"]\nread = \"native\"",
           "path = \"bin/\"\nlog = \"none\"",
       }) {
    EXPECT_EQ(wrong_with(
                  kHead + rule("env", "who = \"agent\"\npath = \"*.env\"\nverdict = \"hide\"") +
                  rule("k", "path = \"k/\"\nwrite = \"deny\"") +
                  rule("bin", "path = \"bi[mno]\"\nlog = \"open\"") + "[[never]]\n" + never + "\n"),
              "")
        << never;
  }
}

TEST(Never, that_does_not_hold_is_told_with_a_path) {
  const std::string rules =
      rule("env", "who = \"agent\"\npath = [\"*.env\", \"!x.env\"]\nverdict = \"hide\"");
  EXPECT_EQ(
      wrong_with(kHead + rules + "[[never]]\nwho = \"agent\"\npath = \"*.env\"\nsee = \"yes\"\n"),
      "p.toml:11:1: this never: it does not hold: as `agent`, `x.env` can have `see = \"yes\"`\n");
  EXPECT_EQ(
      wrong_with(kHead + rules + "[[never]]\nid = \"n\"\npath = \"/a/b.env\"\nread = \"native\"\n"),
      "p.toml:11:1: the never `n`: it does not hold: as `agent`, `a/b.env/x.env` can have `read = "
      "\"native\"`\n");
}

TEST(Never, tells_when_only_directories_are_covered) {
  const std::string wrong = wrong_with(kHead + rule("d", "path = \"d/\"\nread = \"deny\"") +
                                       "[[never]]\npath = \"d\"\nread = \"native\"\n");
  EXPECT_NE(wrong.find("`d` can have `read = \"native\"`"), wrong.npos) << wrong;
}

TEST(Never, sees_through_defaults_that_are_stricter_than_rules) {
  const std::string head = kHead + "[default]\nverdict = \"deny\"\n";
  EXPECT_EQ(wrong_with(head + "[[never]]\nread = \"native\"\n"), "");
  const std::string loosened =
      head + rule("open", "who = \"agent\"\npath = \"p?b/\"\nread = \"native\"");
  EXPECT_NE(wrong_with(loosened + "[[never]]\nread = \"native\"\n").find("as `agent`, `p"),
            std::string::npos);
  EXPECT_EQ(
      wrong_with(loosened + rule("shut", "path = \"p[!/]*\"\nread = \"served\"") + ""),
      "p.toml:15:12: `p[!/]*` is no pattern: a class cannot hold `/`: it never matches one\n");
  EXPECT_EQ(wrong_with(loosened + rule("shut", "path = \"p*\"\nread = \"served\"") +
                       "[[never]]\nread = \"native\"\n"),
            "");
  EXPECT_EQ(wrong_with(loosened + "[[never]]\nwho = \"other\"\nread = \"native\"\n"), "");
}

TEST(Never, knows_that_a_hidden_default_is_seen_only_by_a_rule) {
  const std::string head = kHead + "[default]\nsee = \"no\"\n";
  EXPECT_EQ(wrong_with(head + "[[never]]\nread = \"native\"\n"), "");
  EXPECT_NE(wrong_with(head + rule("r", "path = \"pub/\"\nsee = \"yes\"") +
                       "[[never]]\nread = \"native\"\n"),
            "");
}

// Names that only literal patterns tell apart from others must not be lost among them.
TEST(Never, tells_literal_names_from_those_that_look_alike) {
  const std::string hide = rule("ab", "path = [\"a\", \"b\"]\nverdict = \"hide\"");
  EXPECT_EQ(wrong_with(kHead + hide + "[[never]]\npath = \"[ab]\"\nsee = \"yes\"\n"), "");
  const std::string wrong =
      wrong_with(kHead + hide + "[[never]]\npath = \"[abq]\"\nsee = \"yes\"\n");
  EXPECT_NE(wrong.find("`q` can have"), wrong.npos) << wrong;
  const std::string nearly =
      wrong_with(kHead + hide + "[[never]]\npath = \"[ab]*\"\nsee = \"yes\"\n");
  EXPECT_NE(nearly.find("can have"), nearly.npos) << nearly;
}

TEST(Never, never_takes_dots_for_names) {
  EXPECT_EQ(
      wrong_with(kHead + rule("d", "path = [\".[!.]*\", \"..?*\", \"[!.]*\"]\nverdict = \"hide\"") +
                 "[[never]]\npath = \"*\"\nsee = \"yes\"\n"),
      "");
}

TEST(Never, gives_examples_that_have_the_verdict) {
  const std::vector<std::string> rules{
      rule("a", "path = [\"**/x/**/y\", \"!z/**\"]\nverdict = \"deny\""),
      rule("b", "path = [\"*.[ch]\", \"!main.*\"]\nverdict = \"hide\""),
      rule("c", "path = [\"/src/*/gen/\", \"!*.keep\"]\nread = \"served\"")};
  const std::vector<std::string> nevers{"path = \"x/\"", "path = \"src/*/gen/**\"",
                                        "path = \"*.c\"", "path = \"**/x/**/y\"",
                                        "path = [\"*\", \"!a\"]"};
  std::string all;
  for (const std::string& each : rules) all += each;
  const Program program = program_of(kHead + all);
  for (const std::string& never : nevers) {
    const std::string wrong =
        wrong_with(kHead + all + "[[never]]\nwho = \"agent\"\nread = \"native\"\n" + never + "\n");
    const std::size_t begin = wrong.find("as `agent`, `") + 13;
    ASSERT_GT(begin, 13u) << never << wrong;
    const std::string path = wrong.substr(begin, wrong.find('`', begin) - begin);
    EXPECT_EQ(terms_at(program, path, "agent").grant.read, Read::native) << never << ": " << path;
    EXPECT_EQ(terms_at(program, path, "agent").grant.see, See::yes) << never << ": " << path;
  }
}

TEST(Never, that_is_too_entangled_to_prove_is_refused) {
  std::string globs;
  for (int i = 0; i < 24; ++i) globs += fmt::format("\"**/x{}/**/y/**/z{}/**/w\", ", i, i);
  const std::string wrong = wrong_with(
      kHead + rule("r", "path = [" + globs + "]\nverdict = \"deny\"") +
      "[[never]]\npath = \"**/w/q\"\nmode = \"w\"\nwrite = \"served\"\nwho = \"agent\"\n");
  // Either a path was found before the bound, or it says that it cannot tell; never silence.
  EXPECT_NE(wrong, "");
  const std::string tame =
      wrong_with(kHead + rule("r", "path = [" + globs + "]\nverdict = \"deny\"") +
                 rule("all", "path = [\"w\", \"!**/never/**/here\"]\nverdict = \"deny\"") +
                 "[[never]]\npath = [\"w\", \"!**/here\"]\nwrite = \"served\"\n");
  EXPECT_NE(tame.find("cannot be proved"), tame.npos) << tame;
}

TEST(Never, says_what_is_wrong_with_itself) {
  EXPECT_EQ(
      wrong_with(kHead + "[[never]]\npath = \"a\"\n"),
      "p.toml:6:1: a never needs one of `see`, `read`, `write` and `log`: the loosest value that is"
      " too loose\n");
  EXPECT_EQ(wrong_with(kHead + "[[never]]\nread = \"deny\"\n"),
            "p.toml:7:8: `deny` is the strictest value of `read`: nothing would be left\n");
  EXPECT_EQ(wrong_with(kHead + "[[never]]\nread = []\n"), "p.toml:7:8: `read` is empty\n");
}

}  // namespace
}  // namespace sluice::policy
