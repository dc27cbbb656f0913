// SPDX-License-Identifier: MIT
// From a policy's words to sets of detectors and back to the policy's words.
#include "sluice/content/detection.h"

#include <gtest/gtest.h>

#include "support.h"

namespace sluice::content {
namespace {

constexpr const char* kRules =
    "[[rules]]\nid = \"one\"\nregex = '''one_[a-z]{8}'''\n"
    "[[rules]]\nid = \"two\"\nregex = '''two_[a-z]{8}'''\n"
    "[[allowlists]]\npaths = ['''^tests/''']\n";

policy::ImportSpec import_of(std::string text) {
  policy::ImportSpec import;
  import.as = "secrets";
  import.file = "secrets.toml";
  import.text = std::move(text);
  return import;
}

Findings found(std::vector<std::string> detectors, Outcome outcome = Outcome::whole) {
  Findings findings;
  findings.outcome = outcome;
  findings.detectors = std::move(detectors);
  return findings;
}

TEST(Detection, has_the_sets_that_are_named) {
  const auto detection = detection_of(
      {.contents = {"secrets:one", "positions", "secrets"}, .imports = {import_of(kRules)}});
  ASSERT_EQ(detection->sets(), 2u);
  EXPECT_EQ(detection->set_name(SetIndex{0}), "positions");
  EXPECT_EQ(detection->set_name(SetIndex{1}), "secrets");
  EXPECT_EQ(detection->set_name(SetIndex{9}), "?");
  EXPECT_EQ(detection_of({})->sets(), 0u);
}

TEST(Detection, tells_what_findings_mean_to_the_policy) {
  const auto detection =
      detection_of({.contents = {"secrets", "secrets:one", "secrets:two", "token"},
                    .imports = {import_of(kRules)},
                    .detectors = {token_detector()}});
  const SetIndex secrets{0}, token{1};
  EXPECT_EQ(text_of(detection->contents_of(secrets, found({"one"}))), "0 1");
  EXPECT_EQ(text_of(detection->contents_of(secrets, found({"one", "two"}))), "0 1 2");
  EXPECT_EQ(text_of(detection->contents_of(secrets, found({}))), "");
  EXPECT_EQ(text_of(detection->contents_of(token, found({"token"}))), "3");
  EXPECT_EQ(text_of(detection->contents_of(secrets, found({"one"}, Outcome::failed))),
            "0 1 failed");
  EXPECT_EQ(text_of(detection->contents_of(secrets, found({}, Outcome::too_big))), "big");
  EXPECT_EQ(text_of(detection->contents_of(secrets, found({}, Outcome::timed_out))), "late");
}

TEST(Detection, tells_which_sets_have_to_be_asked) {
  const auto detection = detection_of({.contents = {"secrets:one", "secrets:two", "token"},
                                       .imports = {import_of(kRules)},
                                       .detectors = {token_detector()}});
  EXPECT_EQ(detection->sets_for({content_id(0), content_id(1)}), (std::vector{SetIndex{0}}));
  EXPECT_EQ(detection->sets_for({content_id(0), content_id(2)}),
            (std::vector{SetIndex{0}, SetIndex{1}}));
  EXPECT_EQ(detection->sets_for({policy::kTooBig, policy::kFailed}), std::vector<SetIndex>{});
}

TEST(Detection, has_a_digest_that_changes_with_whatever_changes_what_is_found) {
  const auto digest = [](const Asked& asked) { return detection_of(asked)->digest(SetIndex{0}); };
  const Asked asked{.contents = {"secrets"}, .imports = {import_of(kRules)}};
  EXPECT_EQ(digest(asked), digest(asked));
  Asked other = asked;
  other.imports[0].text += "[[rules]]\nid = \"three\"\nregex = '''three'''\n";
  EXPECT_NE(digest(asked), digest(other));
  other = asked;
  other.imports[0].disable = {"two"};
  EXPECT_NE(digest(asked), digest(other));
  other = asked;
  other.imports[0].paths = policy::ImportPaths::ignore;
  EXPECT_NE(digest(asked), digest(other));
  const Asked larger{.contents = {"big"}, .detectors = {larger_detector("big", 10)}};
  const Asked still_larger{.contents = {"big"}, .detectors = {larger_detector("big", 11)}};
  EXPECT_NE(digest(larger), digest(still_larger));
}

TEST(Detection, depends_on_paths_only_where_something_is_about_paths) {
  Asked asked{.contents = {"positions", "secrets", "token"},
              .imports = {import_of(kRules)},
              .detectors = {token_detector()}};
  const auto detection = detection_of(asked);
  EXPECT_FALSE(detection->by_path(SetIndex{0}));
  EXPECT_TRUE(detection->by_path(SetIndex{1}));
  EXPECT_FALSE(detection->by_path(SetIndex{2}));
  asked.imports[0].paths = policy::ImportPaths::ignore;
  EXPECT_FALSE(detection_of(asked)->by_path(SetIndex{1}));
}

TEST(Detection, that_was_saved_is_the_same_again) {
  const Asked asked{.contents = {"secrets", "builtin", "token"},
                    .imports = {import_of(kRules)},
                    .detectors = {token_detector()}};
  const auto made = detection_of(asked);
  const auto saved = made->save();
  EXPECT_GT(saved.size(), 1000u);
  const auto again = detection_of(asked, saved);
  EXPECT_EQ(again->save(), saved);
  for (std::uint32_t set = 0; set < 3; ++set)
    EXPECT_EQ(again->digest(SetIndex{set}), made->digest(SetIndex{set}));
  // What does not fit, or is not what was saved, does no harm.
  for (std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{60}, saved.size() - 1})
    EXPECT_EQ(detection_of(asked, Bytes{saved}.first(size))->digest(SetIndex{0}),
              made->digest(SetIndex{0}));
}

TEST(Detection, has_the_rules_of_files_that_an_import_extends) {
  policy::ImportSpec import = import_of("[extend]\npath = \"base.toml\"\n");
  EXPECT_NE(wrong_with({.contents = {"secrets:one"}, .imports = {import}}), "");
  import.extended = {{ "base.toml", "base.toml", kRules }};
  EXPECT_EQ(wrong_with({.contents = {"secrets:one"}, .imports = {import}}), "");
}

TEST(Detection, says_where_a_content_is_that_has_no_detector) {
  EXPECT_EQ(wrong_with({.contents = {"secrets:onee"}, .imports = {import_of(kRules)}}),
            "policy:7:3: `secrets` has no detector `onee`; did you mean `one`?\n");
}

TEST(Detection, says_where_an_imported_rule_is_wrong_also_if_nothing_names_it) {
  const std::string bad = "[[rules]]\nid = \"one\"\nregex = '''('''\n";
  const std::string said = wrong_with({.contents = {"secrets"}, .imports = {import_of(bad)}});
  EXPECT_TRUE(said.starts_with("secrets.toml:")) << said;
  EXPECT_NE(said.find("`one`"), said.npos) << said;
  EXPECT_EQ(wrong_with({.imports = {import_of(bad)}}), said);
}

TEST(Detection, says_which_detector_is_wrong) {
  Asked asked{.contents = {"token"}, .detectors = {token_detector()}};
  asked.detectors[0].regex = "a(";
  EXPECT_NE(wrong_with(asked).find("`token`"), std::string::npos) << wrong_with(asked);
  asked.detectors[0] = type_detector("token", {"jpeg", "jpgg"});
  EXPECT_NE(wrong_with(asked).find("`jpgg`"), std::string::npos) << wrong_with(asked);
  asked.detectors[0] = manifest_detector("token", "a\tb\n");
  EXPECT_NE(wrong_with(asked).find("list:1"), std::string::npos) << wrong_with(asked);
}

}  // namespace
}  // namespace sluice::content
