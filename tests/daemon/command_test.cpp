// SPDX-License-Identifier: MIT
// The command's help, version and manners; needs neither root nor mounts.
#include <algorithm>
#include <sstream>

#include "support.h"

namespace sluice::test {
namespace {

const std::vector<std::string> kCommands{"run",   "mount", "unmount", "status", "reload", "bench",
                                         "check", "test",  "explain", "diff",   "scan",   "import"};

void expect_readable(const std::string& help) {
  EXPECT_EQ(help.find("usage: sluice "), 0u);
  for (const char* part : {"\nExamples\n  sluice ", "\nExit status: "}) {
    EXPECT_NE(help.find(part), std::string::npos) << help;
  }
  std::istringstream lines{help};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_LE(line.size(), 80u) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
  EXPECT_LT(count, 45) << help;
}

TEST(Command, help_is_short_and_ends_with_examples) {
  for (const Words& words : {Words{"--help"}, Words{"-h"}, Words{"help"}}) {
    const Finished help = sluice(words);
    EXPECT_EQ(help.status, 0);
    EXPECT_EQ(help.err, "");
    expect_readable(help.out);
    for (const std::string& command : kCommands) {
      EXPECT_NE(help.out.find("\n  " + command + " "), std::string::npos) << command;
    }
  }
}

TEST(Command, each_command_has_help_of_its_own_by_both_ways) {
  for (const std::string& command : kCommands) {
    const Finished help = sluice({command, "--help"});
    EXPECT_EQ(help.status, 0) << help.err;
    expect_readable(help.out);
    EXPECT_EQ(help.out.find("usage: sluice " + command), 0u);
    EXPECT_EQ(sluice({"help", command}).out, help.out);
  }
}

TEST(Command, alone_it_shows_how_it_is_used_and_fails) {
  const Finished alone = sluice({});
  EXPECT_EQ(alone.status, 2);
  EXPECT_EQ(alone.out, "");
  EXPECT_EQ(alone.err, sluice({"--help"}).out);
}

TEST(Command, version_begins_with_the_version) {
  const Finished version = sluice({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out.find("sluice "), 0u);
  EXPECT_NE(version.out.find("\nFUSE protocol   7.31 to 7."), std::string::npos) << version.out;
  EXPECT_NE(version.out.find("\npassthrough     "), std::string::npos) << version.out;
}

TEST(Command, version_tells_what_this_kernel_speaks_and_leaves_nothing_mounted) {
  SLUICE_NEEDS_MOUNTS();
  const std::string before = read_file("/proc/self/mountinfo");
  const Finished version = sluice({"--version"});
  EXPECT_NE(version.out.find(" speaks 7."), std::string::npos) << version.out;
  EXPECT_EQ(version.out.find("unknown"), std::string::npos) << version.out;
  EXPECT_EQ(read_file("/proc/self/mountinfo"), before);
}

TEST(Command, misspelt_words_get_a_suggestion) {
  struct Case {
    Words words;
    const char* line;
  };
  for (const auto& [words, line] : std::initializer_list<Case>{
           {{"umount", "/x"}, "sluice: unknown command `umount`; did you mean `unmount`?\n"},
           {{"stauts"}, "sluice: unknown command `stauts`; did you mean `status`?\n"},
           {{"--versoin"}, "sluice: unknown option `--versoin`; did you mean `--version`?\n"},
           {{"frobnicate"}, "sluice: unknown command `frobnicate`; see `sluice --help`\n"},
           {{"status", "--jsno"}, "sluice: unknown option `--jsno`; did you mean `--json`?\n"},
           {{"unmount", "--fource", "x"},
            "sluice: unknown option `--fource`; did you mean `--force`?\n"},
           {{"bench", "--qick"}, "sluice: unknown option `--qick`; did you mean `--quick`?\n"},
           {{"bench", "--repeat", "x"},
            "sluice: `--repeat` takes a number, not `x`; see `sluice bench --help`\n"},
       }) {
    const Finished finished = sluice(words);
    EXPECT_EQ(finished.status, 2);
    EXPECT_EQ(finished.err, line);
    EXPECT_EQ(finished.out, "");
  }
}

}  // namespace
}  // namespace sluice::test
