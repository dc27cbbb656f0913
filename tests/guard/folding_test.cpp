// SPDX-License-Identifier: MIT
// Names with several spellings must not be a way around a rule.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kRules = "[[rule]]\nid = \"k\"\npath = \"*.key\"\nverdict = \"hide\"\n";

class Folding : public Guarded {};

TEST_F(Folding, a_case_insensitive_folder_keeps_all_that_is_in_it) {
  const std::string why = mirror::test::mount_image(scratch_.path("image"), lower("disk"), "ext4",
                                                    16, "-O casefold -E encoding=utf8");
  if (!why.empty()) GTEST_SKIP() << why;
  ASSERT_EQ(shell("mkdir -p " + lower("disk/folded") + " " + lower("disk/exact")), 0);
  if (shell("chattr +F " + lower("disk/folded")) != 0) GTEST_SKIP() << "no folding here";
  for (const char* name : {"disk/folded/a.key", "disk/folded/plain", "disk/exact/plain"}) put(name);
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  for (const char* name : {"a.key", "A.KEY", "a.Key", "plain"}) {
    EXPECT_NE(open_outcome(mount("disk/folded/") + name, O_RDONLY), "OK") << name;
  }
  EXPECT_EQ(read_file(mount("disk/exact/plain")), "text");
  EXPECT_EQ(guard().stats().folding_directories, 1u);
  guard().reload(program_of(kRules), &served().notifier());
  EXPECT_NE(open_outcome(mount("disk/folded/A.KEY"), O_RDONLY), "OK");
  ASSERT_EQ(::mkdir(mount("disk/exact/made").c_str(), 0755), 0);
  EXPECT_NE(shell("chattr +F " + mount("disk/exact/made")), 0);
}

}  // namespace
}  // namespace sluice::guard::test
