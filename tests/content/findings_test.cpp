// SPDX-License-Identifier: MIT
// Findings, redactions, jobs and messages as bytes: what was written comes back, and nothing that
// was cut or made up does.
#include "sluice/content/findings.h"

#include <gtest/gtest.h>

#include "sluice/content/messages.h"
#include "sluice/content/patches.h"
#include "sluice/content/set_spec.h"
#include "support.h"

namespace sluice::content {
namespace {

Findings some_findings() {
  Findings findings;
  findings.outcome = Outcome::whole;
  findings.detectors = {"a", "b"};
  findings.spots = {{0, 10, 20, 1}, {1, 30, 5, 2}};
  findings.spots_in_all = 7;
  findings.wholly = true;
  findings.why = "a note";
  return findings;
}

TEST(Findings, come_back_as_they_were) {
  const Findings findings = some_findings();
  EXPECT_EQ(Findings::decode(findings.encode()), findings);
  const Findings none = nothing_known(Outcome::timed_out, "too slow");
  EXPECT_EQ(Findings::decode(none.encode()), none);
}

TEST(Findings, that_are_cut_short_or_too_long_are_refused) {
  auto code = some_findings().encode();
  for (std::size_t size = 0; size < code.size(); ++size)
    EXPECT_FALSE(Findings::decode(Bytes{code}.first(size))) << size;
  code.push_back(std::byte{0});
  EXPECT_FALSE(Findings::decode(code));
}

TEST(Findings, whose_detectors_are_not_a_sorted_set_are_refused) {
  Findings findings = some_findings();
  findings.detectors = {"b", "a"};
  EXPECT_FALSE(Findings::decode(findings.encode()));
  findings.detectors = {"a", "a"};
  EXPECT_FALSE(Findings::decode(findings.encode()));
}

TEST(Findings, of_more_detectors_than_can_be_told_are_failed) {
  Findings findings;
  findings.outcome = Outcome::whole;
  for (int i = 0; i < 10000; ++i) findings.detectors.push_back("d" + std::to_string(10000 + i));
  const auto read = Findings::decode(findings.encode());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->outcome, Outcome::failed);
  EXPECT_EQ(read->detectors.size(), Findings::kMostDetectors);
  EXPECT_TRUE(read->has("d10000"));
}

TEST(Findings, keep_the_first_spots_and_count_all) {
  Findings findings = some_findings();
  findings.spots.assign(1000, Spot{1, 5, 5, 1});
  findings.spots_in_all = 1000;
  const auto read = Findings::decode(findings.encode());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->spots.size(), Findings::kMostSpots);
  EXPECT_EQ(read->spots_in_all, 1000u);
}

TEST(Findings, have_a_reason_of_one_line) {
  Findings findings = some_findings();
  findings.why = "a\nb" + std::string(1000, 'c');
  const auto read = Findings::decode(findings.encode());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->why.substr(0, 4), "a bc");
  EXPECT_EQ(read->why.size(), Findings::kLongestWhy);
}

inspect::Redaction some_redaction() {
  inspect::Redaction redaction{1 << 20};
  EXPECT_EQ(redaction.add({10, 5}, std::byte{'x'}), inspect::Added::yes);
  EXPECT_EQ(redaction.add({12, 2}, bytes_of(std::string_view{"ab"})), inspect::Added::yes);
  EXPECT_EQ(redaction.add({1000, 200'000}, std::byte{'y'}), inspect::Added::yes);
  EXPECT_EQ(redaction.add({(1 << 20) - 3, 3}, bytes_of(std::string_view{"end"})),
            inspect::Added::yes);
  return redaction;
}

TEST(Patches, come_back_as_they_were) {
  const auto redaction = some_redaction();
  const auto code = encode(redaction);
  EXPECT_LT(code.size(), 1000u);  // what repeats is not written out
  const auto read = decode_redaction(code, redaction.file_size());
  ASSERT_TRUE(read);
  const std::string file(redaction.file_size(), '.');
  EXPECT_EQ(redacted(file, *read), redacted(file, redaction));
}

TEST(Patches, beyond_the_file_are_refused) {
  const auto code = encode(some_redaction());
  EXPECT_FALSE(decode_redaction(code, (1 << 20) - 1));
  EXPECT_FALSE(decode_redaction(code, 0));
}

TEST(Patches, of_many_random_places_come_back) {
  inspect::Redaction redaction{100'000};
  std::uint32_t seed = 1;
  const auto next = [&](std::uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
  };
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t offset = next(99'000), length = next(900);
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(next(256));
    const auto added = i % 2 == 0
                           ? redaction.add({offset, length}, static_cast<std::byte>(next(256)))
                           : redaction.add({offset, length}, bytes_of(std::string_view{bytes}));
    ASSERT_EQ(added, inspect::Added::yes);
  }
  const auto read = decode_redaction(encode(redaction), 100'000);
  ASSERT_TRUE(read);
  const std::string file(100'000, '.');
  EXPECT_EQ(redacted(file, *read), redacted(file, redaction));
}

std::vector<SetJob> some_jobs() {
  SetJob text;
  text.spec.name = text.spec.rules.name = "secrets";
  inspect::Rule rule;
  rule.id = "r";
  rule.description = "what";
  rule.regex = "a(b)";
  rule.path = "\\.c$";
  rule.group = 1;
  rule.entropy = 3.5;
  rule.keywords = {"a", "b"};
  rule.tags = {"t"};
  rule.required = {{"other", 3, std::nullopt}};
  rule.validator = inspect::Validator::luhn;
  rule.max_length = 77;
  inspect::Allowlist allowlist;
  allowlist.condition = inspect::Condition::all;
  allowlist.target = inspect::Target::line;
  allowlist.paths = {"p"};
  allowlist.regexes = {"q", "r"};
  allowlist.stopwords = {"s"};
  rule.allowlists = {allowlist};
  text.spec.rules.rules = {rule};
  text.spec.rules.allowlists = {allowlist, allowlist};
  text.saved.assign(100, std::byte{7});
  SetJob type;
  type.spec.kind = SetSpec::Kind::type;
  type.spec.name = "pictures";
  type.spec.types = {inspect::Kind::jpeg, inspect::Kind::png};
  SetJob manifest;
  manifest.spec.kind = SetSpec::Kind::manifest;
  manifest.spec.name = "m";
  manifest.spec.file = "m.tsv";
  manifest.spec.text = "a\t1\t2\n";
  return {text, type, manifest};
}

TEST(Jobs, come_back_as_they_were) {
  const auto code = encode(some_jobs());
  const auto read = decode_jobs(code);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 3u);
  // Every field takes part in the code.
  EXPECT_EQ(encode(*read), code);
  EXPECT_EQ((*read)[0].spec.rules.rules[0].regex, "a(b)");
  EXPECT_EQ((*read)[1].spec.types.size(), 2u);
  EXPECT_EQ((*read)[2].spec.text, "a\t1\t2\n");
}

TEST(Jobs, that_are_cut_short_are_refused) {
  const auto code = encode(some_jobs());
  for (std::size_t size = 0; size < code.size(); ++size)
    EXPECT_FALSE(decode_jobs(Bytes{code}.first(size))) << size;
}

TEST(Messages, come_back_as_they_were_and_cut_short_are_refused) {
  Question question;
  question.asks = Asks::redact;
  question.number = 5;
  question.size = 1000;
  question.with = policy::With::values;
  question.wanted = {{SetIndex{1}, true, {}}, {SetIndex{2}, false, {3, 4}}};
  question.path = "a/b";
  const auto code = encode(question);
  const auto read = decode_question(code);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), code);
  EXPECT_EQ(read->wanted[1].detectors, (std::vector<std::uint32_t>{3, 4}));
  for (std::size_t size = 0; size < code.size(); ++size)
    EXPECT_FALSE(decode_question(Bytes{code}.first(size)));

  const auto command = decode_command(encode(Command{Order::fork, 9, 10}));
  ASSERT_TRUE(command);
  EXPECT_EQ(command->worker, 9u);
  EXPECT_FALSE(decode_command(code));
  const auto readiness = decode_readiness(encode(Readiness{"no", {"a", "b"}}));
  ASSERT_TRUE(readiness);
  EXPECT_EQ(readiness->error, "no");
  EXPECT_EQ(readiness->missing.size(), 2u);
}

TEST(Messages, about_a_path_that_is_too_long_say_that_it_is_not_known) {
  Question question;
  question.path = std::string(kLongestPath + 1, 'a');
  const auto read = decode_question(encode(question));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->path, "");
}

TEST(Messages, of_a_redaction_that_failed_have_no_patches) {
  RedactionAnswer answer{Outcome::whole, "", some_redaction()};
  const auto good = decode_answer(encode(answer), 1 << 20);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->redaction.patched(), answer.redaction.patched());
  answer.outcome = Outcome::failed;
  answer.why = "no";
  const auto read = decode_answer(encode(answer), 1 << 20);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->redaction.empty());
  EXPECT_EQ(read->why, "no");
}

}  // namespace
}  // namespace sluice::content
