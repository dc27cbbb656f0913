// SPDX-License-Identifier: MIT
// From rules to terms: axes, modes, subjects, defaults.
#include <gtest/gtest.h>

#include "support.h"

namespace sluice::policy {
namespace {

const std::string kTwo = "version = 1\n[subject.a]\nuid = 1\n[subject.b]\nuid = 2\n";

TEST(Verdict, the_strictest_value_of_each_axis_wins_in_any_order) {
  const std::string one =
      "[[rule]]\nid = \"one\"\npath = \"x\"\nread = \"served\"\nwrite = \"deny\"\n";
  const std::string two = "[[rule]]\nid = \"two\"\nread = \"deny\"\nlog = \"open\"\n";
  for (const std::string& text : {one + two, two + one}) {
    const Program program = program_of("version = 1\n" + text);
    EXPECT_EQ(grant_at(program, "x"), "yes deny deny deny");
    const Terms terms = terms_at(program, "x");
    EXPECT_EQ(program.rule_name(terms.winner(Axis::read)), "two");
    EXPECT_EQ(program.rule_name(terms.winner(Axis::write)), "one");
    EXPECT_EQ(program.rule_name(terms.winner(Axis::see)), "default");
    EXPECT_EQ(terms.log(Mode::read), Log::open);
  }
}

TEST(Verdict, of_equal_rules_the_first_by_id_is_named) {
  for (const char* text :
       {"[[rule]]\nid = \"b\"\nread = \"deny\"\n[[rule]]\nid = \"a\"\nread = \"deny\"\n",
        "[[rule]]\nid = \"a\"\nread = \"deny\"\n[[rule]]\nid = \"b\"\nread = \"deny\"\n"}) {
    const Program program = program_of(std::string{"version = 1\n"} + text);
    EXPECT_EQ(program.rule_name(terms_at(program, "x").winner(Axis::read)), "a");
  }
}

TEST(Verdict, default_fills_the_axes_that_no_rule_set_and_can_be_loosened) {
  const Program program = program_of(
      "version = 1\n[default]\nverdict = \"deny\"\n[[rule]]\nid = \"r\"\npath = \"x\"\nread = "
      "\"native\"\n");
  EXPECT_EQ(grant_at(program, "x"), "yes native native deny");
  EXPECT_EQ(grant_at(program, "y"), "yes deny deny deny");
}

TEST(Verdict, named_verdicts_stand_for_their_axes) {
  struct Case {
    std::string verdict, grant;
  };
  for (const Case& each : std::initializer_list<Case>{{"native", "yes native native native"},
                                                      {"served", "yes served served served"},
                                                      {"readonly", "yes native native deny"},
                                                      {"deny", "yes deny deny deny"},
                                                      {"hide", "no deny deny deny"},
                                                      {"audit", "yes native native native"}}) {
    const Program program =
        program_of("version = 1\n[[rule]]\nid = \"r\"\nverdict = \"" + each.verdict + "\"\n");
    EXPECT_EQ(grant_at(program, "x"), each.grant) << each.verdict;
    EXPECT_EQ(terms_at(program, "x").log(Mode::write),
              each.verdict == "audit" ? Log::open : Log::none);
  }
}

TEST(Verdict, what_is_hidden_cannot_be_opened) {
  const Program program =
      program_of("version = 1\n[[rule]]\nid = \"r\"\npath = \"x\"\nsee = \"no\"\n");
  EXPECT_EQ(grant_at(program, "x"), "no deny deny deny");
  EXPECT_EQ(program.rule_name(terms_at(program, "x").winner(Axis::write)), "r");
  for (const Mode mode : kModes)
    EXPECT_TRUE(verdict_of(terms_at(program, "x"), mode).refuses(mode));
}

TEST(Verdict, a_rule_with_a_mode_speaks_of_that_mode_only) {
  const auto grant = [](const char* mode) {
    const Program program = program_of(
        std::string{
            "version = 1\n[[rule]]\nid = \"r\"\nverdict = \"deny\"\nlog = \"alarm\"\nmode = "} +
        mode);
    const Terms terms = terms_at(program, "x");
    std::string text = grant_at(program, "x");
    for (const Mode each : kModes) text += std::string{" "} + std::string{name(terms.log(each))};
    return text;
  };
  EXPECT_EQ(grant("\"r\""), "yes deny native native alarm none none");
  EXPECT_EQ(grant("\"w\""), "yes native native deny none alarm none");
  EXPECT_EQ(grant("\"x\""), "yes native deny native none none alarm");
  EXPECT_EQ(grant("\"rx\""), "yes deny deny native alarm none alarm");
  EXPECT_EQ(grant("[\"w\", \"x\"]"), "yes native deny deny none alarm alarm");
}

TEST(Verdict, rules_with_who_are_for_these_subjects_and_others_for_everyone) {
  const Program program =
      program_of(kTwo +
                 "[[rule]]\nid = \"all\"\npath = \"x\"\nwrite = \"deny\"\n"
                 "[[rule]]\nid = \"a\"\nwho = \"a\"\npath = \"x\"\nread = \"deny\"\n");
  EXPECT_EQ(grant_at(program, "x", "a"), "yes deny deny deny");
  EXPECT_EQ(grant_at(program, "x", "b"), "yes native native deny");
  EXPECT_EQ(grant_at(program, "x", "anyone"), "yes native native deny");
  const Place x = walk(program, "x").place;
  const Place y = walk(program, "y").place;
  EXPECT_TRUE(program.differs(x));
  EXPECT_FALSE(program.differs(y));
  const std::array same{*program.subject("b"), kAnyone};
  const std::array other{*program.subject("a"), kAnyone};
  EXPECT_FALSE(program.differs(x, same));
  EXPECT_TRUE(program.differs(x, other));
}

TEST(Verdict, an_unknown_caller_gets_the_strictest_of_all_and_of_unknown_subject) {
  const std::string rules =
      "[[rule]]\nid = \"a\"\nwho = \"a\"\npath = \"x\"\nverdict = \"hide\"\n"
      "[[rule]]\nid = \"b\"\nwho = \"b\"\nread = \"native\"\nwrite = \"native\"\n";
  const Program open = program_of(
      kTwo + "[default]\nread = \"served\"\nwrite = \"deny\"\nunknown_subject = \"native\"\n" +
      rules);
  EXPECT_EQ(grant_at(open, "x", "unknown"), "no deny deny deny");
  EXPECT_EQ(grant_at(open, "y", "b"), "yes native native native");
  EXPECT_EQ(grant_at(open, "y", "unknown"), "yes served served deny")
      << "what loosens for b is not for whoever";
  const Program shut = program_of(kTwo + rules);
  EXPECT_EQ(grant_at(shut, "y", "unknown"), "yes deny deny deny");
  EXPECT_EQ(shut.rule_name(terms_at(shut, "y", "unknown").winner(Axis::read)), "unknown_subject");
  EXPECT_EQ(shut.terms(walk(shut, "y").place, SubjectIndex{9999}).grant,
            terms_at(shut, "y", "unknown").grant);
}

TEST(Verdict, a_caller_who_is_several_subjects_gets_the_strictest_of_each) {
  const Program program = program_of(
      kTwo +
      "[default]\nread = \"deny\"\n[[rule]]\nid = \"a\"\nwho = \"a\"\nread = \"native\"\n"
      "[[rule]]\nid = \"b\"\nwho = \"b\"\nwrite = \"deny\"\n");
  const std::array both{*program.subject("a"), *program.subject("b")};
  const SubjectIndex joined = program.join(both);
  EXPECT_EQ(program.join(std::array{both[1], both[0], kAnyone}), joined);
  const Grant grant = program.terms(program.start(), joined).grant;
  EXPECT_EQ(grant.read, Read::deny);
  EXPECT_EQ(grant.write, Write::deny);
  EXPECT_EQ(program.join({}), kAnyone);
  EXPECT_EQ(program.join(std::array{both[0]}), both[0]);
  EXPECT_EQ(program.join(std::array{both[0], kUnknown}), kUnknown);
  EXPECT_EQ(program.subject_name(joined), "several");
}

TEST(Verdict, there_is_room_for_a_bounded_number_of_combinations) {
  std::string text = "version = 1\n";
  for (int i = 0; i < 60; ++i)
    text += "[subject.s" + std::to_string(i) + "]\nuid = " + std::to_string(i) + "\n";
  const Program program = program_of(text);
  std::size_t unknown = 0;
  for (std::uint16_t i = 0; i < 59; ++i) {
    const std::array two{SubjectIndex{static_cast<std::uint16_t>(i + kFirstSubject)},
                         SubjectIndex{static_cast<std::uint16_t>(i + kFirstSubject + 1)}};
    if (program.join(two) == kUnknown) ++unknown;
  }
  EXPECT_GT(unknown, 0u);
  EXPECT_LT(unknown, 59u);
}

TEST(Verdict, can_hide_tells_who_may_meet_hidden_names) {
  const Program program =
      program_of(kTwo + "[[rule]]\nid = \"a\"\nwho = \"a\"\npath = \"x\"\nverdict = \"hide\"\n");
  EXPECT_TRUE(program.can_hide(*program.subject("a")));
  EXPECT_FALSE(program.can_hide(*program.subject("b")));
}

TEST(Verdict, settled_places_have_nothing_else_below) {
  const Program program =
      program_of("version = 1\n[[rule]]\nid = \"r\"\npath = \"/x/y\"\nverdict = \"hide\"\n");
  EXPECT_FALSE(program.settled(program.start()));
  EXPECT_FALSE(program.settled(walk(program, "x/").place));
  EXPECT_TRUE(program.settled(walk(program, "x/y/").place));
  EXPECT_TRUE(program.settled(walk(program, "z/").place));
  EXPECT_EQ(walk(program, "z/a/b/").place, walk(program, "z/").place);
}

TEST(Grant, has_one_number_and_every_number_a_grant) {
  std::size_t valid = 0;
  for (std::uint32_t i = 0; i < 0x10000; ++i) {
    const GrantId id{static_cast<std::uint16_t>(i)};
    const Grant grant = grant_of(id);
    if (id_of(grant) == id)
      ++valid;
    else
      EXPECT_EQ(grant, (Grant{See::no, Read::deny, Read::deny, Write::deny}));
  }
  EXPECT_EQ(valid, 2u * 4 * 4 * 3);
  EXPECT_EQ(id_of(Grant{}), kUnrestricted);
}

TEST(Grant, loosens_if_any_axis_does) {
  const Grant strict{See::yes, Read::deny, Read::served, Write::native};
  EXPECT_FALSE(loosens(strict, strict));
  EXPECT_TRUE(loosens(strict, {See::no, Read::deny, Read::native, Write::deny}));
  EXPECT_FALSE(loosens(Grant{}, strict));
}

}  // namespace
}  // namespace sluice::policy
