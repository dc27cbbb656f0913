// SPDX-License-Identifier: MIT
// Values in YAML.
#include <gtest/gtest.h>

#include "text_support.h"

namespace sluice::inspect {
namespace {

std::string yaml(std::string_view text) { return without_values(text, Format::yaml); }

TEST(YamlValues, go_and_keys_stay) {
  EXPECT_EQ(yaml("---\na: b\n\"c d\": e # f\ng:\n  h: i\n  'j': k\n"),
            "---\na: x\n\"c d\": x # f\ng:\n  h: x\n  'j': x\n");
}

TEST(YamlValues, are_items_of_lists) {
  EXPECT_EQ(yaml("a:\n- b\n- c: d\n  e: f\n- - g\n"), "a:\n- x\n- c: x\n  e: x\n- - x\n");
}

TEST(YamlValues, in_blocks_go_whatever_they_look_like) {
  EXPECT_EQ(yaml("a: |\n  b: c\n\n  # d\ne: >-\n   f\ng: h\n"),
            "a: |\n  xxxx\n\n  xxx\ne: >-\n   x\ng: x\n");
  EXPECT_EQ(yaml("- a: |2\n      b: c\n  d: e\n"), "- a: |2\n      xxxx\n  d: x\n");
  EXPECT_EQ(yaml("- |\n  b: c\n- d\n"), "- |\n  xxxx\n- x\n");
  EXPECT_EQ(yaml("--- |\nb: c\n---\nd: e\n"), "--- |\nxxxx\n---\nd: x\n");
}

TEST(YamlValues, in_blocks_behind_a_tag_go) {
  EXPECT_EQ(yaml("a: !!binary |\n  bGk=\nc: d\n"), "a: xxxxxxxx |\n  xxxx\nc: x\n");
  EXPECT_EQ(yaml("a: &b c\nd: *b\n"), "a: xx x\nd: xx\n");
}

TEST(YamlValues, in_quotes_go_over_lines) {
  EXPECT_EQ(yaml("a: \"b\n  c: d\"\ne: 'f''g' # h\n"), "a: \"x\n  xxxx\"\ne: 'xxxx' # h\n");
  EXPECT_EQ(yaml("a: \"b\\\"c\"\n"), "a: \"xxxx\"\n");
}

TEST(YamlValues, without_quotes_go_on_over_deeper_lines) {
  EXPECT_EQ(yaml("a: b\n  c: d\ne: f\n"), "a: x\n  xxxx\ne: x\n");
  EXPECT_EQ(yaml("a:\n  some\n  text\nb: c\n"), "a:\n  xxxx\n  xxxx\nb: x\n");
}

TEST(YamlValues, in_brackets_go_and_keys_within_stay) {
  EXPECT_EQ(yaml("a: {b: c, \"d\": [e, 'f'], g: http://h}\n"),
            "a: {b: x, \"d\": [x, 'x'], g: xxxxxxxx}\n");
  EXPECT_EQ(yaml("a: [\n  b,\n  c # d\n]\ne: f\n"), "a: [\n  x,\n  x # d\n]\ne: x\n");
}

TEST(YamlValues, that_are_never_ended_go_with_all_that_follows) {
  EXPECT_EQ(yaml("a: \"b\nc: d\n"), "a: xx\nxxxx\n");
  EXPECT_EQ(yaml("a: [b\nc: d\n").find('d'), std::string::npos);
}

TEST(YamlValues, may_have_a_colon_that_ends_no_key) {
  EXPECT_EQ(yaml("a: http://b:80/c\n- http://d\n"), "a: xxxxxxxxxxxxx\n- xxxxxxxx\n");
}

TEST(YamlValues, switched_off_in_a_comment_go_as_well) {
  EXPECT_EQ(yaml("# a: b\n# just words\n"), "# a: x\n# just words\n");
}

}  // namespace
}  // namespace sluice::inspect
