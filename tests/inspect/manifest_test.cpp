// SPDX-License-Identifier: MIT
#include "sluice/inspect/manifest.h"

#include <gtest/gtest.h>

namespace sluice::inspect {
namespace {

std::vector<Range> ranges_of(const Manifest& manifest, std::string_view path) {
  const auto ranges = manifest.ranges(path);
  return {ranges.begin(), ranges.end()};
}

std::string wrong_with(std::string_view text) {
  const auto manifest = Manifest::read("m.tsv", text);
  return manifest ? "" : manifest.error().line();
}

TEST(Manifest, gives_the_ranges_of_each_file_sorted_and_merged) {
  const auto manifest = Manifest::read(
      "m.tsv", "a/b\t10\t5\na/b\t0\t2\n# comment\n\nc\t7\t1\na/b\t15\t1\na/b\t12\t2\n");
  ASSERT_TRUE(manifest.has_value());
  EXPECT_EQ(ranges_of(*manifest, "a/b"), (std::vector<Range>{{0, 2}, {10, 6}}));
  EXPECT_EQ(ranges_of(*manifest, "c"), (std::vector<Range>{{7, 1}}));
  EXPECT_TRUE(ranges_of(*manifest, "a").empty());
  EXPECT_EQ(manifest->files(), 2u);
}

TEST(Manifest, takes_any_bytes_in_a_path_but_newline) {
  const auto manifest = Manifest::read("m.tsv", "a\tb c\xff\t1\t2\n./#x\t3\t4");
  ASSERT_TRUE(manifest.has_value());
  EXPECT_EQ(ranges_of(*manifest, "a\tb c\xff"), (std::vector<Range>{{1, 2}}));
  EXPECT_EQ(ranges_of(*manifest, "#x"), (std::vector<Range>{{3, 4}}));
}

TEST(Manifest, names_the_line_that_is_wrong) {
  const std::pair<std::string_view, const char*> cases[] = {
      {"a\t1\t2\nb\t1\n", "m.tsv:2: not `path <tab> offset <tab> length`"},
      {"a b c\n", "m.tsv:1: not `path <tab> offset <tab> length`"},
      {"a\tx\t2\n", "m.tsv:1: the offset is not a number, or too large"},
      {"a\t1\t-2\n", "m.tsv:1: the length is not a number, or too large"},
      {"a\t1\t2\r\n", "m.tsv:1: the length is not a number, or too large"},
      {"a\t1\t18446744073709551616\n", "m.tsv:1: the length is not a number, or too large"},
      {"a\t1\t18446744073709551615\n", "m.tsv:1: the range ends beyond what a file can have"},
      {"a\t1\t0\n", "m.tsv:1: the range is empty"},
      {"\t1\t2\n", "m.tsv:1: the path is empty"},
      {"/a\t1\t2\n", "m.tsv:1: the path must be relative to the mounted root"},
      {"a/../b\t1\t2\n", "m.tsv:1: the path leads upwards"},
  };
  for (const auto& [text, line] : cases) EXPECT_EQ(wrong_with(text), line) << text;
  EXPECT_EQ(wrong_with("a..b/..c\t1\t2\n"), "");
}

TEST(Manifest, hides_what_it_lists_as_far_as_the_file_goes) {
  const auto manifest = Manifest::read("m.tsv", "a\t2\t2\na\t6\t100\na\t200\t1\n");
  ASSERT_TRUE(manifest.has_value());
  Redaction redaction{8};
  ASSERT_EQ(manifest->redact("a", std::byte{0}, redaction), Added::yes);
  EXPECT_EQ(redaction.ranges(), (std::vector<Range>{{2, 2}, {6, 2}}));
}

}  // namespace
}  // namespace sluice::inspect
