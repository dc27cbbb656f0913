// SPDX-License-Identifier: MIT
// Rules about contents: what holds for what is found, by whom it was said, and what is asked for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "sluice/policy/save.h"
#include "support.h"

namespace sluice::policy {
namespace {

const std::string kHead =
    "version = 1\n[subject.a]\nuid = 1\n[subject.b]\nuid = 2\n"
    "[detector.x]\nregex = \"x\"\n[detector.y]\nregex = \"y\"\n";
std::string rule(std::string_view id, std::string_view rest) {
  return fmt::format("[[rule]]\nid = \"{}\"\n{}\n", id, rest);
}

TEST(Content, rules_hold_for_files_in_which_it_is_found) {
  const Program program = program_of(
      kHead + rule("x", "who = \"a\"\npath = \"*.c\"\ncontent = \"x\"\nverdict = \"redact\""));
  EXPECT_EQ(grant_if(program, "m.c", "a", ""), "yes native native native");
  EXPECT_EQ(grant_if(program, "m.c", "a", "x"), "yes redact redact deny");
  EXPECT_EQ(grant_if(program, "m.h", "a", "x"), "yes native native native");
  EXPECT_EQ(grant_if(program, "m.c", "b", "x"), "yes native native native");
  EXPECT_EQ(terms_at(program, "m.c", "a").asks(), ContentSet{content_of(program, "x")});
  EXPECT_TRUE(terms_at(program, "m.h", "a").asks().empty());
  EXPECT_TRUE(terms_at(program, "m.c", "b").asks().empty());
}

TEST(Content, any_of_several_names_is_enough_and_all_found_count) {
  const Program program =
      program_of(kHead + rule("xy", "content = [\"x\", \"y\"]\nread = \"served\"") +
                 rule("y", "content = \"y\"\nwrite = \"deny\"\nlog = \"alarm\""));
  EXPECT_EQ(grant_if(program, "f", "a", "x"), "yes served served native");
  EXPECT_EQ(grant_if(program, "f", "a", "y"), "yes served served deny");
  const Terms both =
      resolve(terms_at(program, "f"), {content_of(program, "x"), content_of(program, "y")});
  EXPECT_EQ(both.log(Mode::write), Log::alarm);
  EXPECT_EQ(program.rule_name(both.winner(Axis::read)), "xy");
  EXPECT_EQ(program.rule_name(both.winner(Axis::write)), "y");
  EXPECT_EQ(program.rule_name(resolve(terms_at(program, "f"), {}).winner(Axis::write)), "default");
}

TEST(Content, names_are_numbered_in_order_whatever_the_order_of_rules) {
  const std::string one = rule("one", "content = \"y\"\nverdict = \"deny\"");
  const std::string two = rule("two", "content = [\"builtin:z\", \"x\"]\nverdict = \"deny\"");
  for (const std::string& text : {one + two, two + one}) {
    const Program program = program_of(kHead + text);
    ASSERT_EQ(program.contents().size(), 3u);
    EXPECT_EQ(program.contents()[0].name, "builtin:z");
    EXPECT_EQ(program.contents()[0].set, "builtin");
    EXPECT_EQ(program.contents()[0].detector, "z");
    EXPECT_EQ(program.contents()[2].name, "y");
    EXPECT_EQ(program.contents()[2].detector, "");
  }
}

TEST(Content, only_makes_stricter_what_holds_without_it) {
  const Program program =
      program_of(kHead + "[default]\nread = \"deny\"\nwrite = \"native\"\n" +
                 rule("x", "content = \"x\"\nread = \"served\"\nwrite = \"served\"") +
                 rule("open", "path = \"open\"\nread = \"native\""));
  EXPECT_EQ(grant_if(program, "f", "anyone", "x"), "yes deny deny served");
  EXPECT_EQ(grant_if(program, "open", "anyone", "x"), "yes served served served");
  EXPECT_EQ(grant_if(program, "open", "anyone", ""), "yes native native native");
}

TEST(Content, is_not_asked_for_where_it_makes_no_difference) {
  const Program program =
      program_of(kHead + rule("x", "content = \"x\"\nverdict = \"redact\"") +
                 rule("shut", "path = \"shut\"\nverdict = \"deny\"") +
                 rule("gone", "path = \"gone\"\nverdict = \"hide\"") +
                 rule("blank", "path = \"blank\"\nverdict = \"redact\"\nwith = \"all\"") +
                 rule("values", "path = \"values\"\nverdict = \"redact\""));
  for (const char* path : {"shut", "gone", "blank"}) {
    EXPECT_TRUE(terms_at(program, path).asks().empty()) << path;
    EXPECT_FALSE(terms_at(program, path).content.depends()) << path;
  }
  const Terms values = terms_at(program, "values");
  EXPECT_EQ(values.asks(), ContentSet{content_of(program, "x")});
  EXPECT_EQ(redacted_for(values.content, values.asks()), values.asks())
      << "a secret may stand in a comment, where no value is";
  EXPECT_EQ(values.grant.with, With::values);
}

TEST(Content, how_inspection_ends_has_values_of_its_own) {
  const Program program = program_of(
      kHead +
      "[default]\non_timeout = \"served\"\ntoo_big = { over = \"1MiB\", verdict = \"native\" }\n" +
      rule("x", "path = \"f\"\ncontent = \"x\"\nverdict = \"redact\""));
  EXPECT_EQ(grant_if(program, "f", "a", "on_error"), "yes deny deny deny") << "nobody said";
  EXPECT_EQ(grant_if(program, "f", "a", "on_timeout"), "yes served served served");
  EXPECT_EQ(grant_if(program, "f", "a", "too_big"), "yes native native native");
  EXPECT_EQ(grant_if(program, "g", "a", "on_error"), "yes native native native")
      << "where nothing is looked for nothing fails";
  const Terms failed = resolve(terms_at(program, "f"), {kFailed});
  EXPECT_EQ(program.rule_name(failed.winner(Axis::read)), "on_error");
  const Terms late = resolve(terms_at(program, "f"), {kTimedOut});
  EXPECT_EQ(program.rule_name(late.winner(Axis::write)), "on_timeout");
}

TEST(Content, that_is_only_recorded_refuses_nothing_and_fails_recorded) {
  const Program program = program_of(kHead + rule("x", "content = \"x\"\nlog = \"alarm\""));
  const Terms terms = terms_at(program, "f");
  EXPECT_EQ(terms.asks(), ContentSet{content_of(program, "x")});
  EXPECT_EQ(terms.id, kUnrestricted) << "the same node";
  EXPECT_EQ(resolve(terms, {content_of(program, "x")}).log(Mode::read), Log::alarm);
  const Terms failed = resolve(terms, {kFailed});
  EXPECT_EQ(failed.log(Mode::read), Log::alarm);
  EXPECT_EQ(failed.grant, Grant{});
}

TEST(Content, rules_with_a_mode_speak_of_that_mode_and_redacted_is_not_written) {
  const Program program =
      program_of(kHead + rule("x", "content = \"x\"\nread = \"redact\"\nmode = \"x\"") +
                 rule("y", "content = \"y\"\nverdict = \"deny\"\nmode = \"w\""));
  EXPECT_EQ(grant_if(program, "f", "a", "x"), "yes native redact deny");
  EXPECT_EQ(grant_if(program, "f", "a", "y"), "yes native native deny");
}

TEST(Content, redaction_by_path_says_how_much) {
  const Program program =
      program_of(kHead + rule("env", "path = \".env\"\nverdict = \"redact\"") +
                 rule("all", "path = \"conf/\"\nread = \"redact\"\nwith = \"all\"") +
                 rule("shut", "path = \"conf/x\"\nread = \"deny\""));
  EXPECT_EQ(terms_at(program, ".env").grant.with, With::values);
  EXPECT_EQ(terms_at(program, "conf/.env").grant.with, With::all);
  EXPECT_EQ(terms_at(program, "conf/.env").grant.write, Write::deny);
  EXPECT_EQ(program.rule_name(terms_at(program, "conf/.env").winner(Axis::with)), "all");
  EXPECT_EQ(terms_at(program, "conf/x").grant.with, With::nothing);
  EXPECT_EQ(terms_at(program, "other").grant.with, With::nothing);
  EXPECT_NE(terms_at(program, ".env").id, terms_at(program, "conf/.env").id);
  const Program by_default =
      program_of("version = 1\n[default]\nread = \"redact\"\n");
  EXPECT_EQ(grant_at(by_default, "f"), "yes redact redact deny");
  EXPECT_EQ(terms_at(by_default, "f").grant.with, With::values);
}

TEST(Content, places_that_grant_the_same_share_a_number) {
  const Program program =
      program_of(kHead + rule("x", "path = [\"a\", \"b\"]\ncontent = \"x\"\nverdict = \"redact\"") +
                 rule("x2", "path = \"c\"\ncontent = \"x\"\nverdict = \"redact\"") +
                 rule("y", "path = \"d\"\ncontent = \"y\"\nverdict = \"redact\""));
  const auto id = [&](const char* path) { return terms_at(program, path).id; };
  EXPECT_EQ(id("a"), id("b"));
  EXPECT_EQ(id("a"), id("c")) << "which rule said so does not matter";
  EXPECT_NE(id("a"), id("d"));
  EXPECT_NE(id("a"), kUnrestricted);
  EXPECT_EQ(program.content_grant(id("a")), terms_at(program, "c").content);
  EXPECT_TRUE(same_effect(terms_at(program, "a"), terms_at(program, "c")));
  EXPECT_FALSE(same_effect(terms_at(program, "a"), terms_at(program, "d")));
  EXPECT_FALSE(same_effect(terms_at(program, "a"), terms_at(program, "e")));
}

TEST(Content, tells_subjects_apart) {
  const Program program = program_of(
      kHead + rule("x", "who = \"a\"\npath = \"f\"\ncontent = \"x\"\nverdict = \"redact\""));
  EXPECT_TRUE(program.differs(walk(program, "f").place));
  EXPECT_FALSE(program.differs(walk(program, "g").place));
}

TEST(Content, who_is_several_or_unknown_gets_the_strictest_of_each) {
  const Program program = program_of(
      kHead + "[default]\nunknown_subject = \"native\"\n" +
      rule("a", "who = \"a\"\ncontent = \"x\"\nread = \"redact\"") +
      rule("b", "who = \"b\"\ncontent = [\"x\", \"y\"]\nwrite = \"deny\"\nlog = \"open\"") +
      rule("b2", "who = \"b\"\npath = \"s\"\nread = \"served\""));
  const std::array both{*program.subject("a"), *program.subject("b")};
  const SubjectIndex joined = program.join(both);
  for (const char* path : {"f", "s"}) {
    const Place place = walk(program, path).place;
    for (const SubjectIndex subject : {joined, kUnknown}) {
      const Terms& terms = program.terms(place, subject);
      for (const char* content : {"x", "y"}) {
        const ContentSet found{content_of(program, content)};
        Grant expected;
        for (const SubjectIndex each : both) {
          expected = strictest_of(expected, at(program.terms(place, each).content, found));
        }
        EXPECT_EQ(at(terms.content, found), expected) << path << " " << content;
        EXPECT_EQ(resolve(terms, found).grant, expected) << path << " " << content;
        EXPECT_EQ(resolve(terms, found).log(Mode::read), Log::open);
      }
    }
  }
}

TEST(Content, rules_can_be_for_everyone_but_some) {
  const Program program =
      program_of(kHead + rule("x", "who = \"!a\"\npath = \"f\"\nverdict = \"readonly\""));
  EXPECT_EQ(grant_at(program, "f", "a"), "yes native native native");
  EXPECT_EQ(grant_at(program, "f", "b"), "yes native native deny");
  EXPECT_EQ(grant_at(program, "f", "anyone"), "yes native native deny");
  const Program two =
      program_of(kHead + rule("x", "who = [\"!a\", \"!b\"]\nverdict = \"readonly\""));
  EXPECT_EQ(grant_at(two, "f", "b"), "yes native native native");
  EXPECT_EQ(grant_at(two, "f", "anyone"), "yes native native deny");
}

TEST(Content, where_a_limit_is_reached_all_contents_count) {
  CompileOptions tight;
  tight.limits.bytes = 1;
  const Program program = program_of(
      kHead + rule("x", "path = \"only/here\"\ncontent = \"x\"\nverdict = \"redact\""), tight);
  const Terms& terms = program.terms(program.strictest(), kAnyone);
  EXPECT_EQ(resolve(terms, {}).grant, Grant{});
  EXPECT_EQ(resolve(terms, {content_of(program, "x")}).grant.read, Read::redact);
  EXPECT_EQ(program.rule_name(resolve(terms, {content_of(program, "x")}).winner(Axis::read)),
            "limit");
}

// Rules in random order against their meaning, written down plainly.
TEST(Content, agrees_with_rules_taken_one_by_one) {
  struct Plain {
    std::string path;
    unsigned contents;     // bit 0: x, bit 1: y; 0: none
    unsigned read, write;  // 0: says nothing, else 1 + the value
  };
  std::mt19937 engine{3};
  const auto pick = [&](unsigned bound) { return static_cast<unsigned>(engine() % bound); };
  for (int round = 0; round < 300; ++round) {
    std::vector<Plain> rules;
    std::string text = kHead;
    for (unsigned i = 0; i < 6; ++i) {
      const Plain plain{pick(2) == 0 ? "f" : "g", pick(4), pick(5), 2 + pick(2)};
      if (plain.read == 1 || plain.read == 3) continue;
      rules.push_back(plain);
      text += fmt::format("[[rule]]\nid = \"r{}\"\npath = \"{}\"\nwrite = \"{}\"\n", i, plain.path,
                          plain.write == 2 ? "served" : "deny");
      if (plain.read != 0) text += plain.read == 2 ? "read = \"served\"\n" : "read = \"deny\"\n";
      if (plain.contents == 1) text += "content = \"x\"\n";
      if (plain.contents == 2) text += "content = \"y\"\n";
      if (plain.contents == 3) text += "content = [\"y\", \"x\"]\n";
    }
    const Program program = program_of(text);
    for (const char* path : {"f", "g"}) {
      for (unsigned world = 0; world < 4; ++world) {
        unsigned read = 0, write = 0;
        for (const Plain& plain : rules) {
          if (plain.path != path || (plain.contents != 0 && (plain.contents & world) == 0))
            continue;
          if (plain.read != 0) read = std::max(read, plain.read - 1);
          write = std::max(write, plain.write - 1);
        }
        ContentSet found;
        for (const auto& [bit, name] : {std::pair{1u, "x"}, std::pair{2u, "y"}}) {
          for (std::size_t i = 0; i < program.contents().size(); ++i) {
            const bool is_it = program.contents()[i].name == name;
            if ((world & bit) != 0 && is_it) found.add(static_cast<ContentId>(i));
          }
        }
        const Terms terms = terms_at(program, path);
        const Grant grant = resolve(terms, found).grant;
        ASSERT_EQ(static_cast<unsigned>(grant.read), read) << text << path << world;
        ASSERT_EQ(static_cast<unsigned>(grant.write), write) << text << path << world;
        ASSERT_EQ(at(terms.content, found), grant) << text << path << world;
        ASSERT_EQ(at(program.content_grant(terms.id), found), grant) << text << path << world;
      }
    }
  }
}

TEST(Content, grants_keep_their_numbers_when_saved) {
  const Program program = program_of(
      kHead + rule("x", "path = \"f\"\ncontent = \"x\"\nverdict = \"redact\"") +
      rule("y", "path = [\"g\", \"f\"]\ncontent = \"y\"\nread = \"deny\"") +
      rule("env", "path = \".env\"\nverdict = \"redact\"") +
      "[[test]]\npath = \"f\"\nfile_base64 = \"AAE=\"\n"
      "expect = { content = [\"x\"], has = [\"a\"], lacks = [\"b\"], same_size = false }\n");
  std::vector<GrantId> ids;
  for (const char* path : {".env", "g", "f"}) ids.push_back(terms_at(program, path).id);
  const auto bytes = save(program);
  const auto again = restore(bytes);
  ASSERT_TRUE(again.has_value()) << again.error().line();
  EXPECT_EQ(save(*again), bytes);
  std::size_t i = 0;
  for (const char* path : {".env", "g", "f"}) {
    EXPECT_EQ(terms_at(*again, path).id, ids[i]) << path;
    EXPECT_EQ(again->content_grant(ids[i]), program.content_grant(ids[i])) << path;
    EXPECT_EQ(terms_at(*again, path), terms_at(program, path)) << path;
    ++i;
  }
  const Document& document = again->document();
  EXPECT_EQ(document.detectors[1].regex, "y");
  EXPECT_EQ(document.tests[0].file, std::string("\0\1", 2));
  EXPECT_EQ(document.tests[0].expect.same_size, false);
  EXPECT_EQ(document.tests[0].expect.contents, std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace sluice::policy
