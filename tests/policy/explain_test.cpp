// SPDX-License-Identifier: MIT
// Why a path has its verdict, and how two programs differ.
#include <gtest/gtest.h>

#include "support.h"

namespace sluice::policy {
namespace {

const std::string kText = R"(version = 1
[subject.agent]
run_as = true
[[rule]]
id = "env"
who = "agent"
path = ["*.env", "!ok/"]
verdict = "hide"
why = "secrets"
[[rule]]
id = "readonly"
path = "conf/"
verdict = "readonly"
[[rule]]
id = "served"
read = "served"
log = "open"
[[rule]]
id = "others"
who = "agent"
path = "*.txt"
verdict = "deny"
)";

const Match* find(const Program& program, const Explanation& explanation, std::string_view id) {
  for (const Match& match : explanation.matches) {
    if (program.rule_name(match.rule) == id) return &match;
  }
  return nullptr;
}

TEST(Explain, names_each_rule_that_matched_and_what_it_won_or_lost) {
  const Program program = program_of(kText);
  const Explanation all = explain(program, "x/conf/a.env", *program.subject("agent"), Mode::read);
  EXPECT_EQ(all.verdict.see, See::no);
  EXPECT_EQ(program.rule_name(all.verdict.by), "env");
  ASSERT_EQ(all.matches.size(), 3u);
  const Match* env = find(program, all, "env");
  ASSERT_NE(env, nullptr);
  EXPECT_EQ(env->role, Role::won);
  EXPECT_EQ(env->won, (std::vector{Axis::see, Axis::read, Axis::execute, Axis::write}));
  EXPECT_EQ(env->glob, "*.env");
  EXPECT_EQ(env->at.line, 7u);
  EXPECT_EQ(env->matched, "x/conf/a.env");
  const Match* readonly = find(program, all, "readonly");
  ASSERT_NE(readonly, nullptr);
  EXPECT_EQ(readonly->role, Role::lost);
  EXPECT_EQ(readonly->matched, "x/conf/");
  EXPECT_EQ(readonly->lost, std::vector{Axis::write});
  const Match* served = find(program, all, "served");
  ASSERT_NE(served, nullptr);
  EXPECT_EQ(served->glob, "");
  EXPECT_EQ(served->won, (std::vector{Axis::log_read, Axis::log_write, Axis::log_execute}));
  EXPECT_EQ(find(program, all, "others"), nullptr);
}

TEST(Explain, tells_which_pattern_took_a_path_out) {
  const Program program = program_of(kText);
  const SubjectIndex agent = *program.subject("agent");
  const Explanation all = explain(program, "ok/a.env", agent, Mode::read);
  const Match* env = find(program, all, "env");
  ASSERT_NE(env, nullptr);
  EXPECT_EQ(env->role, Role::excepted);
  EXPECT_EQ(env->glob, "!ok/");
  EXPECT_EQ(env->matched, "ok/");
  EXPECT_EQ(find(program, explain(program, "ok/a.c", agent, Mode::read), "env"), nullptr);
}

TEST(Explain, says_it_in_lines) {
  const Program program = program_of(kText);
  const Explanation all = explain(program, "conf/x", *program.subject("agent"), Mode::write);
  EXPECT_EQ(
      text_of(program, all, Mode::write),
      "see yes, read served, execute served, write deny, log open: write is refused by `readonly`\n"
      "  readonly: won write; by `conf/` at p.toml:12 on `conf/`\n"
      "  served: won read, execute, log, log (write), log (execute); by every path at p.toml:15\n");
}

TEST(Explain, agrees_with_what_is_enforced) {
  const Program program = program_of(kText);
  for (const char* path :
       {"", "a.env", "ok/", "ok/a.env", "conf/", "conf/a.env", "x/y/z.txt", "q/a.env/"}) {
    for (std::uint16_t subject = 0; subject <= program.subjects(); ++subject) {
      for (const Mode mode : kModes) {
        const Place place = walk(program, path).place;
        const Terms& terms = program.terms(place, SubjectIndex{subject});
        const Explanation all = explain(program, path, SubjectIndex{subject}, mode);
        EXPECT_EQ(all.terms, terms) << path;
        EXPECT_EQ(all.verdict, verdict_of(terms, mode)) << path;
        for (std::size_t i = 0; i < kAxes; ++i) {
          const auto index = static_cast<std::size_t>(terms.won[i]);
          if (index >= program.document().rules.size()) continue;
          const Match* match = find(program, all, program.document().rules[index].id);
          ASSERT_NE(match, nullptr) << path;
          EXPECT_EQ(match->role, Role::won) << path;
        }
      }
    }
  }
}

TEST(Compare, finds_paths_whose_verdict_changed) {
  const Program before = program_of(kText);
  const Program after =
      program_of(kText + "[[rule]]\nid = \"more\"\npath = \"*.key\"\nverdict = \"hide\"\n");
  const auto changed = [&](const char* path, const char* subject) {
    return compare(before, walk(before, path).place, after, walk(after, path).place, subject)
        .changed;
  };
  EXPECT_TRUE(changed("x/a.key", "agent"));
  EXPECT_TRUE(changed("x/a.key", "anyone"));
  EXPECT_FALSE(changed("x/a.env", "agent"));
}

}  // namespace
}  // namespace sluice::policy
