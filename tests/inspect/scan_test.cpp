// SPDX-License-Identifier: MIT
// Scanning: places, groups, entropy, keywords, what rules say of each other, bounds.
#include "sluice/inspect/scan.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "text_support.h"

namespace sluice::inspect {
namespace {

Rule grouped(std::string regex, unsigned group = 0) {
  Rule rule = rule_of("r", std::move(regex));
  rule.group = group;
  return rule;
}

TEST(Scan, gives_each_secret_with_its_line) {
  const auto detectors = detectors_of({rule_of("r", "tok_[a-z]{4}")});
  EXPECT_EQ(found_in(detectors, "tok_abcd\n\nx tok_efgh y tok_ijkl\n"),
            (Strings{"r@1:tok_abcd", "r@3:tok_efgh", "r@3:tok_ijkl"}));
  EXPECT_EQ(found_in(detectors, "tok_abc\ntok-abcd"), Strings{});
  EXPECT_EQ(found_in(detectors, ""), Strings{});
}

TEST(Scan, matches_from_left_to_right_without_overlap_as_a_search_over_all_would) {
  const auto detectors = detectors_of({rule_of("r", "[ab]{3}")});
  EXPECT_EQ(found_in(detectors, "abababa"), (Strings{"r@1:aba", "r@1:bab"}));
  const auto greedy = detectors_of({rule_of("r", "k=[a-z]{2,20}")});
  EXPECT_EQ(found_in(greedy, "k=abcdef k=gh"), (Strings{"r@1:k=abcdef", "r@1:k=gh"}));
}

TEST(Scan, finds_matches_without_a_longest_however_long) {
  const auto detectors = detectors_of({rule_of("r", "begin[a-z0-9]+end")});
  for (const std::size_t length : {1u, 100u, 5000u, 300'000u}) {
    const std::string secret = "begin" + random_word(length, 3, "0123456789") + "end";
    EXPECT_EQ(found_in(detectors, "x " + secret + " y begin"), (Strings{"r@1:" + secret}))
        << length;
  }
  ASSERT_EQ(detectors.unbounded().size(), 1u);
}

TEST(Scan, sees_the_text_around_a_match) {
  const auto detectors = detectors_of(
      {rule_of("r", R"(\btok[0-9]{3}\b)"), rule_of("s", "^top[0-9]"), rule_of("e", "end[0-9]$")});
  EXPECT_EQ(found_in(detectors, "xtok123 tok456 tok7890"), (Strings{"r@1:tok456"}));
  EXPECT_EQ(found_in(detectors, "top1 top2\ntop3"), (Strings{"s@1:top1"}));
  EXPECT_EQ(found_in(detectors, "end1\nend2 end3"), (Strings{"e@2:end3"}));
}

TEST(Scan, takes_the_group_that_the_rule_names_or_the_only_one) {
  EXPECT_EQ(found_in(detectors_of({grouped("key=([a-z0-9]+);")}), "key=ab12;"),
            (Strings{"r@1:ab12"}));
  EXPECT_EQ(found_in(detectors_of({grouped("(key)=([a-z0-9]+);", 2)}), "key=ab12;"),
            (Strings{"r@1:ab12"}));
}

TEST(Scan, takes_all_of_a_match_where_it_cannot_tell_which_group_is_the_secret) {
  EXPECT_EQ(found_in(detectors_of({grouped("(key)=([a-z0-9]+);")}), "key=ab12;"),
            (Strings{"r@1:key=ab12;"}));
  EXPECT_EQ(found_in(detectors_of({grouped("key=([a-z]+)?[0-9]+;")}), "key=12;"),
            (Strings{"r@1:key=12;"}));
}

TEST(Scan, keeps_secrets_above_the_entropy_alone) {
  Rule rule = grouped("key=([a-z]+)");
  rule.entropy = 2;
  const auto detectors = detectors_of({rule});
  EXPECT_EQ(found_in(detectors, "key=abcd key=abcde key=aabb"), (Strings{"r@1:abcde"}));
}

TEST(Scan, asks_for_a_keyword_anywhere_in_the_text_without_regard_to_case) {
  Rule rule = rule_of("r", "[0-9]{6}");
  rule.keywords = {"Pin", "code"};
  const auto detectors = detectors_of({rule});
  EXPECT_EQ(found_in(detectors, "123456"), Strings{});
  EXPECT_EQ(found_in(detectors, "123456\nmy PIN"), (Strings{"r@1:123456"}));
  EXPECT_EQ(found_in(detectors, "CODE 123456"), (Strings{"r@1:123456"}));
}

TEST(Scan, asks_for_the_path_where_a_rule_names_one) {
  Rule rule = rule_of("r", "[0-9]{6}");
  rule.path = R"((?:^|/)pins\.txt$)";
  const auto detectors = detectors_of({rule});
  EXPECT_EQ(found_in(detectors, "123456", "a/pins.txt").size(), 1u);
  EXPECT_EQ(found_in(detectors, "123456", "a/pins.txt.bak").size(), 0u);
}

TEST(Scan, takes_all_of_a_file_where_the_path_alone_decides) {
  Rule rule;
  rule.id = "r";
  rule.path = R"(\.p12$)";
  const auto detectors = detectors_of({rule});
  EXPECT_EQ(found_in(detectors, "any\nthing", "k.p12"), (Strings{"r@0:any\nthing"}));
  EXPECT_EQ(found_in(detectors, "any", "k.p13"), Strings{});
}

TEST(Scan, cuts_matches_that_are_longer_than_the_rule_allows) {
  Rule rule = rule_of("r", "[0-9]+");
  rule.max_length = 4;
  const auto detectors = detectors_of({rule});
  EXPECT_EQ(found_in(detectors, "12 12345678 9"), (Strings{"r@1:12", "r@1:1234", "r@1:5678"}));
  EXPECT_TRUE(detectors.unbounded().empty());
  EXPECT_EQ(detectors.reach(), 4u);
}

TEST(Scan, asks_validators) {
  Rule card = rule_of("card", R"(\b[0-9](?:[ -]?[0-9]){11,18}\b)");
  card.validator = Validator::luhn;
  EXPECT_EQ(found_in(detectors_of({card}), "4111 1111 1111 1111, 4111 1111 1111 1112"),
            (Strings{"card@1:4111 1111 1111 1111"}));
}

TEST(Scan, finds_utf16_of_either_order_at_any_offset) {
  const auto detectors = detectors_of({rule_of("r", R"(\btok_[a-z]{8}\b)")});
  const std::string text = "first\nkey = tok_abcdefgh;\nlast";
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    for (const char* before : {"", "\xff\xfe", "x", "\x01\x02\x03"}) {
      const std::string wide = before + as_utf16(text, order);
      const auto found = found_in(detectors, wide);
      ASSERT_EQ(found.size(), 1u);
      EXPECT_EQ(found[0], "r@2:tok_abcdefgh");
    }
  }
}

TEST(Scan, is_not_hindered_by_zeros_and_other_bytes) {
  const auto detectors = detectors_of({rule_of("r", "tok_[a-z]{4}")});
  std::string text(3, '\0');
  text += "\xff\xfe\x80tok_abcd";
  text += '\0';
  EXPECT_EQ(found_in(detectors, text), (Strings{"r@1:tok_abcd"}));
}

TEST(Scan, finds_characters_beyond_ascii_in_utf8) {
  const auto detectors = detectors_of({rule_of("r", "\xc3\xa9t\xc3\xa9[\\p{Greek}]{2}")});
  EXPECT_EQ(found_in(detectors, "a \xc3\xa9t\xc3\xa9\xce\xb1\xce\xb2 b").size(), 1u);
  EXPECT_EQ(detectors.slow().size(), 1u);
}

TEST(Scan, tries_slow_rules_only_where_a_keyword_is) {
  Rule rule = rule_of("r", "\\x{3b1}([0-9]+)");
  rule.keywords = {"greek"};
  const auto detectors = detectors_of({rule});
  EXPECT_EQ(found_in(detectors,
                     "\xce\xb1"
                     "12"),
            Strings{});
  EXPECT_EQ(found_in(detectors,
                     "GREEK \xce\xb1"
                     "12"),
            (Strings{"r@1:12"}));
}

TEST(Scan, tries_rules_without_a_word_in_them_only_where_a_keyword_is) {
  Rule rule = rule_of("r", R"(\b[0-9a-f]{8}\b)");
  rule.keywords = {"acme"};
  const auto detectors = detectors_of({rule});
  EXPECT_EQ(detectors.slow().size(), 1u);
  EXPECT_EQ(detectors.reach(), 8u);
  EXPECT_EQ(found_in(detectors, "0123abcd"), Strings{});
  EXPECT_EQ(found_in(detectors, "0123abcd Acme\n4567abcd"), (Strings{"r@1:0123abcd", "r@2:4567abcd"}));
}

TEST(Scan, reads_names_of_groups_in_both_forms) {
  EXPECT_EQ(found_in(detectors_of({rule_of("r", "k=(?<v>[0-9]+)")}), "k=12"), (Strings{"r@1:12"}));
  EXPECT_EQ(found_in(detectors_of({rule_of("r", "k=(?P<v>[0-9]+)")}), "k=12"), (Strings{"r@1:12"}));
}

TEST(Scan, lets_generic_rules_give_way_to_others_on_the_same_secret) {
  const auto detectors =
      detectors_of({rule_of("generic-key", "[a-z]{6}"), rule_of("special", "sp[a-z]{4}")});
  EXPECT_EQ(found_in(detectors, "spabcd\nabcdef"),
            (Strings{"special@1:spabcd", "generic-key@2:abcdef"}));
}

TEST(Scan, has_no_secret_in_one_character_repeated) {
  EXPECT_EQ(found_in(detectors_of({grouped("key=(.{4})")}), "key=xxxx key=aaab"),
            (Strings{"r@1:aaab"}));
}

class Required : public testing::Test {
 protected:
  static Detectors with(inspect::Required required) {
    Rule id = rule_of("id", "ID[0-9]{3}");
    id.reported = Reported::no;
    Rule key = rule_of("key", "KEY[0-9]{3}");
    key.required.push_back(std::move(required));
    return detectors_of({id, key});
  }
};

TEST_F(Required, rules_must_have_a_finding_too) {
  const auto detectors = with({"id", {}, {}});
  EXPECT_EQ(found_in(detectors, "KEY123"), Strings{});
  EXPECT_EQ(found_in(detectors, "ID123"), Strings{});
  EXPECT_EQ(found_in(detectors, "KEY123\n\n\nID123"), (Strings{"key@1:KEY123"}));
}

TEST_F(Required, rules_must_be_near_where_that_is_asked) {
  const auto lines = with({"id", 1, {}});
  EXPECT_EQ(found_in(lines, "KEY123\nID123").size(), 1u);
  EXPECT_EQ(found_in(lines, "KEY123\n\nID123").size(), 0u);
  const auto columns = with({"id", 1, 2});
  EXPECT_EQ(found_in(columns, "KEY123\n  ID123").size(), 1u);
  EXPECT_EQ(found_in(columns, "KEY123\n   ID123").size(), 0u);
}

TEST(ScanBounds, more_hits_than_can_be_kept_are_told) {
  const auto detectors = detectors_of({rule_of("r", "[0-9]{3};")});
  Scanner scanner{detectors};
  std::string text;
  for (int i = 100; i < 200; ++i) text += std::to_string(i) + ";";
  Budget budget = plenty();
  Hits hits{10};
  EXPECT_EQ(scanner.scan({bytes_of(std::string_view{text}), "f"}, budget, hits), Scanned::too_many);
  EXPECT_TRUE(hits.overflowed());
  EXPECT_LE(hits.size(), 10u);
}

TEST(ScanBounds, a_budget_that_is_used_up_is_told) {
  const auto detectors = detectors_of({rule_of("r", "a+b|a")});
  Scanner scanner{detectors};
  const std::string text(10'000, 'a');
  Hits hits;
  Budget few_steps{1 << 20, 1000};
  EXPECT_EQ(scanner.scan({bytes_of(std::string_view{text}), "f"}, few_steps, hits),
            Scanned::exhausted);
  Budget few_bytes{100, 1 << 20};
  EXPECT_EQ(scanner.scan({bytes_of(std::string_view{text}), "f"}, few_bytes, hits),
            Scanned::exhausted);
}

TEST(ScanThreads, one_set_of_detectors_serves_many) {
  const auto detectors =
      detectors_of({rule_of("r", "tok_[a-z]{4}"), rule_of("s", "begin[a-z]+end")});
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Scanner scanner{detectors};
      for (int i = 0; i < 50; ++i) {
        Budget budget = plenty();
        Hits hits;
        const std::string_view text = "x tok_abcd beginxend";
        if (scanner.scan({bytes_of(text), "f"}, budget, hits) != Scanned::whole || hits.size() != 2)
          ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ScanOffsets, are_those_of_the_file) {
  const auto detectors = detectors_of({rule_of("r", "tok_[a-z]{4}")});
  Scanner scanner{detectors};
  Budget budget = plenty();
  Hits hits;
  const std::string_view text = "\ntok_abcd";
  EXPECT_EQ(scanner.scan({bytes_of(text), "f", 1000, 50}, budget, hits), Scanned::whole);
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits.all()[0].secret, (Range{1001, 8}));
  EXPECT_EQ(hits.all()[0].line, 51u);
}

}  // namespace
}  // namespace sluice::inspect
