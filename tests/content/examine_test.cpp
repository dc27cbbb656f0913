// SPDX-License-Identifier: MIT
// What is found in files of all kinds, and what a redaction leaves of them; in this process.
#include <gtest/gtest.h>

#include "sluice/content/examiners.h"
#include "sluice/content/local_looker.h"
#include "support.h"

namespace sluice::content {
namespace {

// Gives what the first set finds: the outcome, the detectors, where; or why not.
Findings found(const Asked& asked, const Input& file, std::string_view path = "file") {
  const auto detection = detection_of(asked);
  const auto engine = detection->engine(SetIndex{0});
  if (!engine) return nothing_known(Outcome::failed, engine.error().line());
  return Examiner{**engine}.find(file, path);
}

Findings found_in(const Asked& asked, std::string_view text, std::string_view path = "file") {
  return found(asked, Input{bytes_of(text)}, path);
}

// Gives the text without all that the policy has contents for; or "why: ..." if it cannot be.
std::string hidden(const Asked& asked, std::string_view text, std::string_view path = "file",
                   policy::With with = policy::With::nothing) {
  const auto program = program_of(asked);
  LocalLooker looker{detection_of(asked), program};
  policy::ContentSet all;
  for (unsigned i = 0; i < asked.contents.size(); ++i) all.add(content_id(i));
  const auto bytes = looker.redacted(path, bytes_of(text), all, with);
  if (!bytes) return bytes.error().line();
  return std::string{sluice::text_of(*bytes)};
}

const Asked kTokens{.contents = {"token"}, .detectors = {token_detector()}};

Asked one_detector(policy::DetectorSpec spec) {
  spec.name = "it";
  return {.contents = {"it"}, .detectors = {std::move(spec)}};
}

TEST(Examine, a_text_tells_which_detectors_and_where) {
  const Findings findings = found_in(kTokens, "a\nkey tok_abcdefgh\ntok_zzzzyyyy");
  EXPECT_EQ(findings.outcome, Outcome::whole);
  EXPECT_EQ(findings.detectors, std::vector<std::string>{"token"});
  ASSERT_EQ(findings.spots.size(), 2u);
  EXPECT_EQ(findings.spots[0], (Spot{0, 6, 12, 2}));
  EXPECT_EQ(findings.spots_in_all, 2u);
  EXPECT_FALSE(findings.wholly);
  EXPECT_FALSE(found_in(kTokens, "nothing").found());
  EXPECT_FALSE(found_in(kTokens, "").found());
}

TEST(Examine, a_secret_is_hidden_and_all_else_stays) {
  EXPECT_EQ(hidden(kTokens, "a\nkey tok_abcdefgh\nb"), "a\nkey xxxxxxxxxxxx\nb");
}

TEST(Examine, only_the_detectors_that_are_asked_for_are_hidden) {
  policy::ImportSpec import;
  import.as = "s";
  import.file = "s.toml";
  import.text =
      "[[rules]]\nid = \"one\"\nregex = '''one_[a-z]{4}'''\n"
      "[[rules]]\nid = \"two\"\nregex = '''two_[a-z]{4}'''\n";
  EXPECT_EQ(hidden({.contents = {"s:two"}, .imports = {import}}, "one_abcd two_abcd"),
            "one_abcd xxxxxxxx");
}

TEST(Examine, validators_and_several_sets_join_in_one_redaction) {
  const Asked asked{.contents = {"token", "card"},
                    .detectors = {token_detector(), card_detector()}};
  EXPECT_EQ(hidden(asked, "tok_abcdefgh 4111111111111111 4111111111111112"),
            "xxxxxxxxxxxx xxxxxxxxxxxxxxxx 4111111111111112");
}

TEST(Examine, what_is_inside_of_a_container_is_found_and_cannot_be_replaced) {
  const std::string zlib = zlib_of("blob 17\0key tok_abcdefgh\n");
  const Findings findings = found_in(kTokens, zlib_of("some key tok_abcdefgh"));
  EXPECT_EQ(findings.outcome, Outcome::whole);
  EXPECT_TRUE(findings.has("token"));
  EXPECT_TRUE(findings.wholly);
  EXPECT_NE(hidden(kTokens, zlib_of("some key tok_abcdefgh")).find("inside"), std::string::npos);
  EXPECT_FALSE(found_in(kTokens, zlib_of("nothing")).found());
}

TEST(Examine, a_container_that_is_broken_is_failed_and_a_text_that_begins_like_one_is_not) {
  std::string broken = zlib_of(std::string(1000, 'a') + "some key tok_abcdefgh");
  broken.resize(broken.size() - 6);
  EXPECT_EQ(found_in(kTokens, broken).outcome, Outcome::failed);
  const Findings text = found_in(kTokens, "x^2 + tok_abcdefgh = 0\n");
  EXPECT_EQ(text.outcome, Outcome::whole);
  EXPECT_TRUE(text.has("token"));
  EXPECT_FALSE(text.wholly);
}

TEST(Examine, large_files_are_scanned_by_windows) {
  const std::uint64_t size = std::uint64_t{80} << 20;
  Fd file = hole_of(size);
  // One over the border of two windows, one at the very end, amid holes.
  for (const std::uint64_t at : {(std::uint64_t{16} << 20) - 5, size - kToken.size()})
    ASSERT_EQ(::pwrite(file.get(), kToken.data(), kToken.size(), static_cast<off_t>(at)), 12);
  const Findings findings = found(kTokens, Input{file.get(), size});
  EXPECT_EQ(findings.outcome, Outcome::whole) << findings.why;
  EXPECT_EQ(findings.spots_in_all, 2u);
}

TEST(Examine, a_sparse_file_of_100_gigabytes_is_read_where_it_has_data) {
  const std::uint64_t size = std::uint64_t{100} << 30;
  Fd file = hole_of(size);
  const std::uint64_t at = std::uint64_t{70} << 30;
  ASSERT_EQ(::pwrite(file.get(), kToken.data(), kToken.size(), static_cast<off_t>(at)), 12);
  const Findings findings = found(kTokens, Input{file.get(), size});
  EXPECT_EQ(findings.outcome, Outcome::whole) << findings.why;
  ASSERT_EQ(findings.spots.size(), 1u);
  EXPECT_EQ(findings.spots[0].offset, at);
}

TEST(Examine, large_files_are_scanned_in_one_piece_for_a_detector_without_a_longest_match) {
  policy::DetectorSpec endless;
  endless.name = "token";
  endless.regex = "tok_[a-z]+";
  const std::uint64_t size = std::uint64_t{80} << 20;
  const Fd file = hole_of(size);
  const std::string long_token = "tok_" + std::string(1 << 20, 'a');
  const auto at = static_cast<off_t>(size - long_token.size());
  ASSERT_EQ(::pwrite(file.get(), long_token.data(), long_token.size(), at),
            static_cast<ssize_t>(long_token.size()));
  const Findings findings = found(one_detector(endless), Input{file.get(), size});
  EXPECT_EQ(findings.outcome, Outcome::whole) << findings.why;
  ASSERT_EQ(findings.spots.size(), 1u);
  EXPECT_EQ(findings.spots[0].length, long_token.size());
}

TEST(Examine, a_still_larger_file_and_a_detector_without_a_longest_match_are_failed) {
  policy::DetectorSpec endless;
  endless.regex = "tok_[a-z]+";
  const std::uint64_t size = std::uint64_t{257} << 20;
  const Fd file = hole_of(size);
  const Findings findings = found(one_detector(endless), Input{file.get(), size});
  EXPECT_EQ(findings.outcome, Outcome::failed);
  EXPECT_NE(findings.why.find("any length"), std::string::npos) << findings.why;
}

TEST(Examine, a_file_that_is_shorter_than_it_was_is_failed) {
  const Fd file = file_of("key tok_abcdefgh");
  EXPECT_EQ(found(kTokens, Input{file.get(), 1000}).outcome, Outcome::failed);
  const Fd large = hole_of(1000);
  EXPECT_EQ(found(kTokens, Input{large.get(), std::uint64_t{1} << 37}).outcome, Outcome::failed);
  EXPECT_EQ(found(kTokens, Input{large.get(), ~std::uint64_t{0}}).outcome, Outcome::failed);
}

TEST(Examine, a_file_that_grew_counts_as_far_as_it_was) {
  const Fd file = file_of("0123456789 tok_abcdefgh");
  const Findings findings = found(kTokens, Input{file.get(), 10});
  EXPECT_EQ(findings.outcome, Outcome::whole);
  EXPECT_FALSE(findings.found());
}

TEST(Examine, positions_are_found_and_removed) {
  const Asked asked{.contents = {"positions"}};
  const Findings findings = found_in(asked, sidecar(), "a.xmp");
  EXPECT_EQ(findings.outcome, Outcome::whole);
  EXPECT_EQ(findings.detectors, std::vector<std::string>{"positions"});
  const std::string without = hidden(asked, sidecar(), "a.xmp");
  EXPECT_EQ(without.size(), sidecar().size());
  EXPECT_EQ(without.find("48,8.5N"), without.npos);
  EXPECT_FALSE(found_in(asked, without).found());
  EXPECT_FALSE(found_in(asked, "just text").found());
}

TEST(Examine, positions_and_secrets_of_one_file_are_both_removed) {
  const Asked asked{.contents = {"token", "positions"}, .detectors = {token_detector()}};
  std::string both = sidecar();
  both.insert(both.find("</rdf:RDF>"), "<!-- tok_abcdefgh -->");
  const std::string without = hidden(asked, both);
  EXPECT_EQ(without.find("48,8.5N"), without.npos);
  EXPECT_EQ(without.find("tok_"), without.npos);
}

TEST(Examine, a_photo_whose_structure_is_broken_is_failed) {
  const Findings findings =
      found_in({.contents = {"positions"}}, std::string_view{"\xff\xd8\xff\xe1\xff\xff"
                                                             "Exif",
                                                             10});
  EXPECT_EQ(findings.outcome, Outcome::failed);
  EXPECT_NE(findings.why.find("positions cannot be told"), std::string::npos) << findings.why;
}

TEST(Examine, a_manifest_is_about_a_path) {
  const Asked asked = one_detector(manifest_detector("it", "data/a\t2\t3\ndata/a\t8\t100\n"));
  EXPECT_TRUE(found_in(asked, "0123456789", "data/a").found());
  EXPECT_FALSE(found_in(asked, "0123456789", "data/b").found());
  EXPECT_EQ(found_in(asked, "0123456789", "").outcome, Outcome::failed);
  EXPECT_EQ(hidden(asked, "0123456789", "data/a"), "01xxx567xx");
  EXPECT_EQ(hidden(asked, "012\n456789", "data/a"), "01x\nx567xx");
  const std::string_view binary{
      "0\0"
      "23456789",
      10};
  EXPECT_EQ(hidden(asked, binary, "data/a"), std::string("0\0\0\0\0"
                                                         "567\0\0",
                                                         10));
}

TEST(Examine, types_and_sizes_are_about_the_whole_file) {
  const auto spec = type_detector("it", {"pdf", "png"});
  const Findings findings = found_in(one_detector(spec), "%PDF-1.7 and so on");
  EXPECT_TRUE(findings.has("it"));
  EXPECT_TRUE(findings.wholly);
  EXPECT_FALSE(found_in(one_detector(spec), "text").found());
  EXPECT_NE(hidden(one_detector(spec), "%PDF-1.7").find("as a whole"), std::string::npos);
  EXPECT_EQ(hidden(one_detector(spec), "text"), "text");
  const auto large = larger_detector("it", 10);
  EXPECT_TRUE(found_in(one_detector(large), "01234567890").found());
  EXPECT_FALSE(found_in(one_detector(large), "0123456789").found());
}

TEST(Examine, with_values_hides_what_stands_behind_keys) {
  EXPECT_EQ(hidden({}, "A=secret\n# note\nB: 1\n", ".env", policy::With::values).find("secret"),
            std::string::npos);
  EXPECT_EQ(hidden({}, "A=secret\n", ".env", policy::With::values), "A=xxxxxx\n");
  EXPECT_EQ(hidden({}, "A=secret\r\nb", ".env", policy::With::all), "xxxxxxxx\r\nx");
  // What is no text has no keys to be kept.
  EXPECT_EQ(hidden({}, std::string_view{"A=s\0B=t\nC", 9}, ".env", policy::With::values),
            "xxxxxxx\nx");
}

TEST(Looker, finds_all_sets_and_what_is_too_big) {
  const Asked asked{.contents = {"card", "positions", "token"},
                    .detectors = {token_detector(), card_detector()},
                    .too_big_over = 20};
  const auto program = program_of(asked);
  LocalLooker looker{detection_of(asked), program};
  const auto found = [&](std::string_view text) {
    const auto contents = looker.find("a", bytes_of(text));
    return contents ? text_of(*contents) : contents.error().line();
  };
  EXPECT_EQ(found("tok_abcdefgh"), "2");
  EXPECT_EQ(found("4111111111111111"), "0");
  EXPECT_EQ(found(""), "");
  EXPECT_EQ(found("tok_abcdefgh and much more"), "big");
  EXPECT_EQ(found(sidecar()), "1 big");
}

}  // namespace
}  // namespace sluice::content
