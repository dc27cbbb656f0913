// SPDX-License-Identifier: MIT
// What must stay bounded: bytes and answers under hostile trees and policies. No times are
// asserted.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sluice/policy/check.h"
#include "support.h"

namespace sluice::policy {
namespace {

std::string tangled(int rules) {
  std::string text = "version = 1\n";
  for (int i = 0; i < rules; ++i) {
    text += fmt::format("[[rule]]\nid = \"r{0}\"\npath = \"**/x{0}/**/y\"\nread = \"{1}\"\n", i,
                        i % 2 == 0 ? "served" : "deny");
  }
  return text;
}

// Walks into directories that each ask for a place of their own, holding all of them.
std::vector<Place> hostile_walk(const Program& program, int rules, int rounds) {
  std::vector<Place> held;
  for (int round = 0; round < rounds; ++round) {
    Place place = program.hold(program.start());
    held.push_back(place);
    for (int i = 0; i < rules; ++i) {
      if ((round >> (i % 16) & 1) == 0 && i < 16) continue;
      place = program.enter(place, fmt::format("x{}", i), Kind::directory);
      held.push_back(place);
    }
  }
  return held;
}

TEST(Limits, over_the_cap_the_answer_is_the_strictest_and_counted) {
  const Program program = program_of(tangled(64), {.limits = {.bytes = 200'000}});
  const std::vector<Place> held = hostile_walk(program, 64, 400);
  const Stats stats = program.stats();
  EXPECT_GT(stats.strictest, 0u);
  EXPECT_LE(stats.bytes, 200'000u + 20'000u) << "terms and the first places are counted on top";
  const Place last = held.back();
  EXPECT_EQ(last, program.strictest());
  EXPECT_EQ(program.terms(last, kAnyone).grant,
            (Grant{See::yes, Read::deny, Read::deny, Write::native}));
  EXPECT_EQ(program.rule_name(program.terms(last, kAnyone).winner(Axis::read)), "limit");
  const Step below = program.step(last, "x");
  EXPECT_EQ(below.directory, program.strictest());
  EXPECT_EQ(below.other, program.strictest());
}

TEST(Limits, what_is_held_keeps_its_terms_whatever_else_happens) {
  const Program program = program_of(tangled(64), {.limits = {.bytes = 200'000}});
  const Place x0 = program.enter(program.start(), "x0", Kind::directory);
  const Place y = program.enter(x0, "y", Kind::other);
  const std::vector<Place> held = hostile_walk(program, 64, 400);
  EXPECT_EQ(program.terms(y, kAnyone).grant.read, Read::served);
  EXPECT_EQ(program.step(x0, "y").other, y);
}

TEST(Limits, room_comes_back_when_nodes_are_forgotten) {
  const Program program = program_of(tangled(64), {.limits = {.bytes = 200'000}});
  for (const Place place : hostile_walk(program, 64, 400)) program.release(place);
  program.sweep();
  EXPECT_EQ(program.stats().held, 1u) << "the start";
  const Place x0 = program.enter(program.start(), "x0", Kind::directory);
  EXPECT_NE(x0, program.strictest());
  EXPECT_EQ(program.terms(program.step(x0, "y").other, kAnyone).grant.read, Read::served);
}

TEST(Limits, a_tree_that_is_walked_and_forgotten_never_meets_the_cap) {
  const Program program = program_of(tangled(64), {.limits = {.bytes = 150'000}});
  for (int round = 0; round < 4000; ++round) {
    const Place a = program.enter(program.start(), fmt::format("x{}", round % 64), Kind::directory);
    const Place b = program.enter(a, fmt::format("x{}", round / 64), Kind::directory);
    const Place c = program.enter(b, fmt::format("x{}", round * 11 / 64 % 64), Kind::directory);
    EXPECT_EQ(program.terms(program.step(c, "z").other, kAnyone).grant.read, Read::native);
    for (const Place place : {a, b, c}) program.release(place);
  }
  EXPECT_GT(program.stats().sweeps, 0u);
  EXPECT_EQ(program.stats().strictest, 0u);
}

TEST(Limits, a_place_that_was_forgotten_is_the_strictest_and_not_another) {
  const Program program = program_of(tangled(8));
  const Place x0 = program.step(program.start(), "x0").directory;
  program.sweep();
  EXPECT_EQ(program.hold(x0), program.strictest());
  const Place x1 = program.enter(program.start(), "x1", Kind::directory);
  EXPECT_NE(x1, x0) << "the slot is used again, the number is not";
  EXPECT_EQ(program.terms(x0, kAnyone).winner(Axis::read), kByLimit);
  EXPECT_EQ(program.terms(Place{0xffffffff}, kAnyone).winner(Axis::read), kByLimit);
}

TEST(Limits, one_release_too_many_does_no_harm) {
  const Program program = program_of(tangled(2));
  const Place x0 = program.enter(program.start(), "x0", Kind::directory);
  for (int i = 0; i < 3; ++i) program.release(x0);
  EXPECT_EQ(program.hold(x0), x0);
  program.sweep();
  EXPECT_EQ(program.terms(program.step(x0, "y").other, kAnyone).grant.read, Read::served);
  program.release(program.strictest());
}

TEST(Limits, a_cap_of_nothing_gives_strictest_answers_only) {
  const Program program = program_of(hiding({"*.a"}), {.limits = {.bytes = 0}});
  EXPECT_EQ(program.terms(program.step(program.start(), "b").other, kAnyone).grant.see, See::no);
}

TEST(Limits, names_that_fill_the_cache_are_still_answered_rightly) {
  std::string text = "version = 1\n";
  for (int i = 0; i < 500; ++i) {
    text += fmt::format("[[rule]]\nid = \"r{0}\"\npath = \"**/a*{1}*{2}c\"\nread = \"deny\"\n", i,
                        static_cast<char>('a' + i % 26), static_cast<char>('a' + i / 26));
  }
  const Program program = program_of(text, {.limits = {.bytes = 300'000}});
  for (int i = 0; i < 3000; ++i) {
    const std::string name = fmt::format("a{}zz{}q", i, i * 7);
    const Place place = program.step(program.start(), name).other;
    const Grant grant = program.terms(place, kAnyone).grant;
    EXPECT_TRUE(grant.read == Read::native || place == program.strictest()) << name;
  }
  const Place hit = program.step(program.start(), "a12aacc").other;
  EXPECT_EQ(program.terms(hit, kAnyone).grant.read, Read::deny);
  EXPECT_LE(program.stats().bytes, 320'000u);
}

TEST(Limits, ten_thousand_rules_load_and_are_told_apart) {
  std::string text = "version = 1\n";
  for (int i = 0; i < 10'000; ++i) {
    text += fmt::format("[[rule]]\nid = \"r{0}\"\npath = [\"{1}\"]\nverdict = \"deny\"\n", i,
                        i % 3 == 0   ? fmt::format("dir{}/sub/file{}", i % 100, i)
                        : i % 3 == 1 ? fmt::format("*.ext{}", i)
                                     : fmt::format("name{}", i));
  }
  const Program program = program_of(text);
  EXPECT_EQ(program.rule_name(terms_at(program, "a/b/name9998").winner(Axis::read)), "r9998");
  EXPECT_EQ(program.rule_name(terms_at(program, "a/x.ext9997").winner(Axis::read)), "r9997");
  EXPECT_EQ(program.rule_name(terms_at(program, "dir99/sub/file9999").winner(Axis::read)), "r9999");
  EXPECT_EQ(grant_at(program, "dir99/sub/file9998"), "yes native native native");
}

TEST(Limits, patterns_that_together_are_too_many_are_told) {
  std::string text = "version = 1\n[[rule]]\nid = \"r\"\nverdict = \"deny\"\npath = [\n";
  for (int i = 0; i < 300; ++i) text += fmt::format("\"*{}{}*\",\n", std::string(1000, 'a'), i);
  EXPECT_EQ(wrong_with(text + "]\n"),
            "p.toml: the patterns of all rules together are too many or too long\n");
}

}  // namespace
}  // namespace sluice::policy
