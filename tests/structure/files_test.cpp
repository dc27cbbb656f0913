// SPDX-License-Identifier: MIT
// Rules of form that a machine can check, for every file.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tree.h"

namespace sluice::structure {
namespace {

constexpr std::size_t kMostSourceLines = 500;
constexpr std::size_t kMostHeaderLines = 300;

// Files that may be longer, each for a reason; short lists stay short.
const std::set<std::string>& long_files() {
  static const std::set<std::string> files{};
  return files;
}

bool is_header(const std::string& file) { return file.ends_with(".h"); }

TEST(Files, were_found) { EXPECT_GT(cpp_files().size(), 100u); }

TEST(Files, begin_with_their_licence) {
  for (const std::string& file : cpp_files()) {
    const auto lines = lines_of(read(file));
    ASSERT_FALSE(lines.empty()) << file;
    EXPECT_EQ(lines.front(), "// SPDX-License-Identifier: MIT") << file;
  }
}

TEST(Files, are_short_enough_to_be_read) {
  for (const std::string& file : cpp_files()) {
    if (long_files().contains(file)) continue;
    const std::size_t most = is_header(file) ? kMostHeaderLines : kMostSourceLines;
    EXPECT_LE(lines_of(read(file)).size(), most) << file;
  }
}

TEST(Files, that_may_be_long_exist_and_are_long) {
  for (const std::string& file : long_files()) {
    const std::size_t most = is_header(file) ? kMostHeaderLines : kMostSourceLines;
    EXPECT_GT(lines_of(read(file)).size(), most) << file;
  }
}

TEST(Files, headers_say_what_they_are_for_and_are_included_once) {
  for (const std::string& file : cpp_files()) {
    if (!is_header(file)) continue;
    const auto lines = lines_of(read(file));
    ASSERT_GT(lines.size(), 2u) << file;
    EXPECT_TRUE(lines[1].starts_with("// ")) << file;
    EXPECT_EQ(std::ranges::count(lines, "#pragma once"), 1) << file;
  }
}

TEST(Files, are_ascii_without_tabs_blanks_at_line_ends_or_carriage_returns) {
  for (const std::string& file : cpp_files()) {
    const std::string text = read(file);
    const auto bad =
        std::ranges::find_if(text, [](char c) { return c != '\n' && (c < ' ' || c > '~'); });
    EXPECT_EQ(bad, text.end()) << file << ", byte " << bad - text.begin();
    EXPECT_EQ(text.find(" \n"), text.npos) << file;
    EXPECT_TRUE(text.ends_with('\n')) << file;
  }
}

TEST(Documents, lead_only_to_files_that_exist) {
  std::vector<std::string> pages = files_below("docs", {".md"});
  for (const char* page : {"README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"})
    pages.emplace_back(page);
  for (const std::string& page : pages) {
    const std::string text = read(page);
    const std::string folder = page.starts_with("docs/") ? "docs/" : "";
    for (auto at = text.find("]("); at != text.npos; at = text.find("](", at + 2)) {
      std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
      target = target.substr(0, target.find('#'));
      if (target.empty() || target.find("://") != target.npos) continue;
      EXPECT_TRUE(exists(folder + target)) << page << " leads to " << target;
    }
  }
}

TEST(Documents, name_each_command_in_the_manual) {
  const std::string manual = read("docs/sluice.1");
  const std::string commands = read("src/cli/commands.h");
  constexpr std::string_view kMark = "_command(";
  int seen = 0;
  for (auto at = commands.find(kMark); at != commands.npos; at = commands.find(kMark, at + 1)) {
    const std::string name =
        commands.substr(commands.rfind(' ', at) + 1, at - commands.rfind(' ', at) - 1);
    if (name == "version") continue;  // an option
    ++seen;
    EXPECT_NE(manual.find("\n.B " + name), manual.npos) << name << " is not in its synopsis";
    EXPECT_NE(manual.find("\n.SS " + name), manual.npos) << name << " has no section in it";
  }
  EXPECT_GE(seen, 12);
}

}  // namespace
}  // namespace sluice::structure
