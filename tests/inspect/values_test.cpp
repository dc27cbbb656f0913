// SPDX-License-Identifier: MIT
// Values in dotenv, ini, properties, JSON and TOML; YAML has its own file. `x` and `1` are what
// hidden characters become.
#include "sluice/inspect/values.h"

#include <gtest/gtest.h>

#include "text_support.h"

namespace sluice::inspect {
namespace {

std::string dotenv(std::string_view text) { return without_values(text, Format::dotenv); }
std::string ini(std::string_view text) { return without_values(text, Format::ini); }
std::string properties(std::string_view text) { return without_values(text, Format::properties); }
std::string json(std::string_view text) { return without_values(text, Format::json); }
std::string toml(std::string_view text) { return without_values(text, Format::toml); }

TEST(ValueFormat, is_told_by_the_files_name) {
  EXPECT_EQ(format_of(".env"), Format::dotenv);
  EXPECT_EQ(format_of("a/.env.local"), Format::dotenv);
  EXPECT_EQ(format_of("a/b.YML"), Format::yaml);
  EXPECT_EQ(format_of("x.json"), Format::json);
  EXPECT_EQ(format_of("Cargo.toml"), Format::toml);
  EXPECT_EQ(format_of("a.properties"), Format::properties);
  EXPECT_EQ(format_of(".aws/credentials"), Format::ini);
  EXPECT_EQ(format_of("x.json/notes"), Format::dotenv);
}

TEST(DotenvValues, go_and_keys_stay) {
  EXPECT_EQ(dotenv("A=abc\nexport B = d e\n\nC=\n"), "A=xxx\nexport B = xxx\n\nC=\n");
}

TEST(DotenvValues, in_quotes_go_over_lines_and_the_quotes_stay) {
  EXPECT_EQ(dotenv("A=\"x\ny=z\"\nB='q'\nC=`r`\n"), "A=\"x\nxxx\"\nB='x'\nC=`x`\n");
  EXPECT_EQ(dotenv("A=\"a\\\"b\" # why\nB=1"), "A=\"xxxx\" # why\nB=x");
}

TEST(DotenvValues, that_no_quote_ends_go_with_all_that_follows) {
  EXPECT_EQ(dotenv("A=\"abc\nB=def\n"), "A=xxxx\nxxxxx\n");
}

TEST(DotenvValues, without_quotes_go_to_the_end_of_the_line) {
  EXPECT_EQ(dotenv("A=abc # or is it\n"), "A=xxxxxxxxxxxxxx\n");
  EXPECT_EQ(dotenv("A='abc' def\n"), "A='xxx' xxx\n");
}

TEST(DotenvValues, switched_off_in_a_comment_go_as_well) {
  EXPECT_EQ(dotenv("# KEY=abc\n#export K2=abc\n# plain words\n"),
            "# KEY=xxx\n#export K2=xxx\n# plain words\n");
  EXPECT_EQ(dotenv("# it was KEY=abc\n"), "# it was KEY=xxx\n");
}

TEST(DotenvValues, are_all_that_has_no_key) {
  EXPECT_EQ(dotenv("just a line\nTWO words=x\n"), "xxxxxxxxxxx\nxxxxxxxxxxx\n");
  EXPECT_EQ(dotenv("-----BEGIN KEY-----\nMIIE\nabcd==\nab=\n-----END KEY-----\n"),
            "xxxxxxxxxxxxxxxxxxx\nxxxx\nxxxxxx\nxxx\nxxxxxxxxxxxxxxxxx\n");
}

TEST(DotenvValues, go_on_behind_a_backslash) {
  EXPECT_EQ(dotenv("A=ab\\\nB=cd\nC=e\n"), "A=xxx\nxxxx\nC=x\n");
}

TEST(DotenvValues, keep_the_line_ends_of_windows) {
  EXPECT_EQ(dotenv("A=abc\r\nB=d\r\n"), "A=xxx\r\nB=x\r\n");
}

TEST(IniValues, go_and_sections_stay) {
  EXPECT_EQ(ini("[a \"b\"]\n\tkey one = v\n; off = 1\nk: v\n"),
            "[a \"b\"]\n\tkey one = x\n; off = x\nk: x\n");
}

TEST(IniValues, go_on_over_lines_that_are_indented_further) {
  EXPECT_EQ(ini("[s]\na = b\n  c = d\ne = f\n"), "[s]\na = x\n  xxxxx\ne = x\n");
  EXPECT_EQ(ini("[s]\n\ta = b\n\tc = d\n"), "[s]\n\ta = x\n\tc = x\n");
}

TEST(PropertiesValues, may_stand_behind_a_blank) {
  EXPECT_EQ(properties("a b\nc=d\ne : f\n! g=h\ni=j\\\n k\n"),
            "a x\nc=x\ne : x\n! g=x\ni=xx\n x\n");
}

TEST(JsonValues, go_and_what_is_left_is_json) {
  EXPECT_EQ(json(R"({"a": "bc", "d": [1.5, true, null, "e\"f"], "g": {"h": -2}})"),
            R"({"a": "xx", "d": [111, 1111, 1111, "xxxx"], "g": {"h": 11}})");
}

TEST(JsonValues, are_strings_in_lists_and_alone) {
  EXPECT_EQ(json("[\"a\", \"b\"]"), "[\"x\", \"x\"]");
  EXPECT_EQ(json("\"abc\"\n12\n"), "\"xxx\"\n11\n");
  EXPECT_EQ(json("{\"a\":1}\n{\"b\":2}\n"), "{\"a\":1}\n{\"b\":1}\n");
}

TEST(JsonValues, are_whatever_is_not_clearly_a_key) {
  EXPECT_EQ(json(R"({"a": "b": "c"})"), R"({"a": "x": "x"})");
  EXPECT_EQ(json(R"({"a" "b"})"), R"({"x" "x"})");
  EXPECT_EQ(json(R"({"a": "bcd)"), R"({"a": xxxx)");
  EXPECT_EQ(json("{a: b}"), "{1: 1}");
  EXPECT_EQ(json("]secret"), "xxxxxxx");
}

TEST(TomlValues, go_and_tables_and_keys_stay) {
  EXPECT_EQ(toml("[a.\"b\"]\nk = \"v\" # c\n\"q k\".r = 12\nd = 1979-05-27\n"),
            "[a.\"b\"]\nk = \"x\" # c\n\"q k\".r = 11\nd = 1111111111\n");
}

TEST(TomlValues, over_many_lines_go) {
  EXPECT_EQ(toml("a = \"\"\"\nx = 1\n\"\"\"\nb = '''q'''\nc = [\n  \"d\", # e\n  2,\n]\n"),
            "a = \"\"\"\nxxxxx\n\"\"\"\nb = '''x'''\nc = [\n  \"x\", # e\n  1,\n]\n");
}

TEST(TomlValues, in_tables_on_one_line_go) {
  EXPECT_EQ(toml("a = { b = \"c\", d = 5 }\n"), "a = { b = \"x\", d = 1 }\n");
}

TEST(TomlValues, are_all_that_has_no_key) {
  EXPECT_EQ(toml("words here\na = \"b\n"), "xxxxxxxxxx\na = xx\n");
}

TEST(Values, in_utf16_go_wholly) {
  const std::string wide = as_utf16("A=b\n", ByteOrder::little);
  const std::string out = dotenv(wide);
  EXPECT_EQ(out.size(), wide.size());
  EXPECT_EQ(out.find('A'), out.npos);
  EXPECT_EQ(out.find('b'), out.npos);
}

TEST(Values, are_redacted_within_the_budget_or_not_at_all) {
  Redaction redaction{4};
  Budget budget{1, 1};
  EXPECT_EQ(redact_values(bytes_of(std::string_view{"A=bc"}), Format::dotenv, budget, redaction),
            Redacted::exhausted);
}

TEST(Values, that_are_hidden_already_stay_as_they_are) {
  const std::string_view texts[] = {"A=\"b\nc\"\nD=e # f\n", "{\"a\": [1, \"b\"]}",
                                    "a:\n  - b\n  - |\n   c\n", "a = [1, \"b\"]\n"};
  for (const std::string_view text : texts) {
    for (const Format format : {Format::dotenv, Format::ini, Format::properties, Format::yaml,
                                Format::json, Format::toml}) {
      const std::string once = without_values(text, format);
      EXPECT_EQ(without_values(once, format), once) << name(format) << "\n" << text;
    }
  }
}

}  // namespace
}  // namespace sluice::inspect
