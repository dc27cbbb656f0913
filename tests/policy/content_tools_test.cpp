// SPDX-License-Identifier: MIT
// What people are told of rules about contents: proofs, dead rules, explanations, differences.
#include <gtest/gtest.h>

#include "sluice/policy/check.h"
#include "support.h"

namespace sluice::policy {
namespace {

const std::string kHead =
    "version = 1\n[subject.agent]\nrun_as = true\n[detector.x]\nregex = \"x\"\n";
std::string rule(const std::string& id, const std::string& rest) {
  return "[[rule]]\nid = \"" + id + "\"\n" + rest + "\n";
}
const std::string kRedact = rule(
    "secrets", "who = \"agent\"\npath = \"!ok/\"\ncontent = \"builtin\"\nverdict = \"redact\"");

TEST(ContentNever, holds_where_rules_about_it_cover_it) {
  for (const char* never :
       {"who = \"agent\"\npath = \"src/\"\ncontent = \"builtin\"\nread = \"served\"",
        "who = \"agent\"\npath = \"src/\"\ncontent = \"builtin:aws\"\nread = \"native\"",
        "who = \"agent\"\npath = \"src/\"\ncontent = \"builtin\"\nmode = \"w\"\nwrite = \"served\"",
        "path = \"shut\"\ncontent = [\"builtin\", \"x\"]\nread = \"redact\"",
        "path = \"shut\"\nread = \"native\""}) {
    // Without exceptions inside of what the never is about.
    EXPECT_EQ(wrong_with(kHead +
                         rule("s", "who = \"agent\"\ncontent = \"builtin\"\nverdict = \"redact\"") +
                         rule("shut", "path = \"shut\"\nverdict = \"deny\"") + "[[never]]\n" +
                         never + "\n"),
              "")
        << never;
  }
}

TEST(ContentNever, that_does_not_hold_is_told_with_what_is_found) {
  EXPECT_EQ(wrong_with(kHead + kRedact +
                       "[[never]]\nwho = \"agent\"\ncontent = \"builtin\"\nread = \"native\"\n"),
            "p.toml:12:1: this never: it does not hold: as `agent`, `ok/` with `builtin` in it can "
            "have `read = \"native\"`\n");
  const std::string one = rule("s", "content = \"builtin:aws\"\nverdict = \"redact\"");
  const std::string wide =
      wrong_with(kHead + one + "[[never]]\ncontent = \"builtin\"\nread = \"native\"\n");
  EXPECT_NE(wide.find("with `builtin` in it can have"), wide.npos) << wide;
  const std::string any = wrong_with(kHead + one + "[[never]]\nread = \"native\"\n");
  EXPECT_NE(any.find("can have `read = \"native\"`"), any.npos)
      << "what is found cannot be relied on: " << any;
}

TEST(ContentNever, knows_that_what_is_found_only_adds) {
  EXPECT_EQ(wrong_with(kHead + "[default]\nread = \"deny\"\n" +
                       rule("s", "content = \"x\"\nread = \"served\"") +
                       "[[never]]\ncontent = \"x\"\nread = \"redact\"\n"),
            "");
}

TEST(ContentSets, that_no_rule_asks_for_are_told) {
  const auto unused = [](const std::string& rules) {
    return text_of(unused_sets(program_of(kHead + rules)));
  };
  EXPECT_EQ(unused(kRedact),
            "p.toml:4:11: warning: no rule asks for the detector `x`, so nothing comes of it: add "
            "one with `content = \"x\"` and a verdict, such as `\"redact\"`\n");
  EXPECT_EQ(unused(rule("s", "content = [\"builtin\", \"x\"]\nverdict = \"redact\"")), "");
}

std::string dead(const std::string& text) { return text_of(dead_rules(program_of(kHead + text))); }

TEST(ContentDeadRules, are_those_that_wider_contents_or_paths_cover) {
  const std::string wide = rule("wide", "content = [\"builtin\", \"x\"]\nverdict = \"redact\"");
  EXPECT_EQ(dead(wide + rule("aws", "content = \"builtin:aws\"\nverdict = \"redact\"")),
            "p.toml:11:6: warning: rule `aws` can never win: `wide` is as strict and covers all "
            "that it names\n");
  EXPECT_EQ(dead(wide + rule("pos", "content = \"positions\"\nverdict = \"redact\"")), "");
  EXPECT_EQ(dead(wide + rule("path", "path = \"a\"\nread = \"redact\"")), "")
      << "a rule without content is for files in which nothing is found too";
  EXPECT_NE(dead(rule("deny", "verdict = \"deny\"") +
                 rule("aws", "content = \"x\"\nverdict = \"redact\"")),
            "");
  EXPECT_NE(dead(rule("all", "verdict = \"redact\"\nwith = \"all\"") +
                 rule("aws", "content = \"x\"\nverdict = \"redact\"")),
            "");
  EXPECT_EQ(dead(rule("values", "verdict = \"redact\"") +
                 rule("aws", "content = \"x\"\nverdict = \"redact\"")),
            "")
      << "values leave comments";
}

TEST(ContentDeadRules, know_rules_for_everyone_but_some) {
  EXPECT_EQ(dead(rule("others", "who = \"!agent\"\nverdict = \"deny\"") +
                 rule("agent", "who = \"agent\"\nverdict = \"readonly\"")),
            "");
  EXPECT_NE(dead(rule("all", "verdict = \"deny\"") +
                 rule("others", "who = \"!agent\"\nverdict = \"readonly\"")),
            "");
}

TEST(ContentExplain, says_what_would_hold_if_it_were_found) {
  const Program program =
      program_of(kHead + kRedact +
                 rule("more", "content = [\"builtin\", \"x\"]\nlog = \"open\"\nwhy = \"because\""));
  const SubjectIndex agent = *program.subject("agent");
  const Explanation any = explain(program, "src/a.c", agent, Mode::read);
  EXPECT_EQ(
      text_of(program, any, Mode::read),
      "see yes, read native, execute native, write native, log none: read is given by `default`\n"
      "  more: if it contains `builtin` or `x`: log open, log (write) open, log (execute) open;"
      " by every path at p.toml:13 (because)\n"
      "  secrets: if it contains `builtin`: read redact, execute redact, write deny; by every"
      " path at p.toml:7\n");
}

TEST(ContentExplain, says_what_was_found) {
  const Program program =
      program_of(kHead + kRedact + rule("x", "content = \"x\"\nverdict = \"deny\""));
  const SubjectIndex agent = *program.subject("agent");
  const Explanation found =
      explain(program, "src/a.c", agent, Mode::read, ContentSet{content_of(program, "builtin")});
  EXPECT_EQ(found.terms.grant.read, Read::redact);
  EXPECT_EQ(program.rule_name(found.verdict.by), "secrets");
  EXPECT_EQ(
      text_of(program, found, Mode::read),
      "see yes, read redact, execute redact, write deny, log none: read is given by `secrets`\n"
      "  found in it: `builtin`\n"
      "  secrets: it contains `builtin`; won read, execute, write; by every path at p.toml:7\n"
      "  x: no `x` in it; by every path at p.toml:13\n");
  const Explanation failed = explain(program, "src/a.c", agent, Mode::read, ContentSet{kFailed});
  EXPECT_EQ(program.rule_name(failed.verdict.by), "on_error");
  const Explanation nothing = explain(program, "src/a.c", agent, Mode::read, ContentSet{});
  EXPECT_NE(text_of(program, nothing, Mode::read).find("  found in it: nothing\n"),
            std::string::npos);
}

TEST(ContentExplain, has_nothing_to_say_of_directories) {
  const Program program = program_of(kHead + kRedact);
  const Explanation all = explain(program, "src/", *program.subject("agent"), Mode::read);
  EXPECT_TRUE(all.matches.empty());
}

TEST(ContentCompare, finds_no_difference_of_directories) {
  const Program a = program_of(kHead), b = program_of(kHead + kRedact);
  const auto changed = [&](const char* path, Kind kind) {
    return compare(a, walk(a, path).place, b, walk(b, path).place, "agent", kind).changed;
  };
  EXPECT_FALSE(changed("src/", Kind::directory));
  EXPECT_TRUE(changed("src", Kind::other));
}

TEST(ContentCompare, finds_what_changed_for_some_content) {
  const auto changed = [](const std::string& before, const std::string& after) {
    const Program a = program_of(kHead + before), b = program_of(kHead + after);
    const bool there = compare(a, walk(a, "f").place, b, walk(b, "f").place, "agent").changed;
    EXPECT_EQ(compare(b, walk(b, "f").place, a, walk(a, "f").place, "agent").changed, there);
    return there;
  };
  const std::string redact = rule("r", "content = \"x\"\nverdict = \"redact\"");
  EXPECT_FALSE(changed(redact, redact));
  EXPECT_FALSE(
      changed(redact, rule("other", "who = \"agent\"\ncontent = \"x\"\nverdict = \"redact\"")));
  EXPECT_TRUE(changed(redact, ""));
  EXPECT_TRUE(changed(redact, rule("r", "content = \"x\"\nverdict = \"deny\"")));
  EXPECT_TRUE(changed(redact, rule("r", "content = \"builtin\"\nverdict = \"redact\"")));
  EXPECT_TRUE(changed(redact, redact + rule("l", "content = \"x\"\nlog = \"open\"")));
  EXPECT_TRUE(changed(redact + "[default]\non_error = \"native\"\n", redact));
  EXPECT_FALSE(
      changed(redact, redact + rule("b", "path = \"g\"\ncontent = \"builtin\"\nread = \"deny\"")))
      << "numbers of contents are a program's own";
  const Program a = program_of("version = 1\n[detector.x]\nregex = \"x\"\n" + redact);
  const Program b = program_of("version = 1\n[detector.x]\nregex = \"y\"\n" + redact);
  EXPECT_TRUE(compare(a, walk(a, "f").place, b, walk(b, "f").place, "anyone").changed)
      << "the name stands for something else";
}

}  // namespace
}  // namespace sluice::policy
