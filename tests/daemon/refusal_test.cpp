// SPDX-License-Identifier: MIT
// What cannot be mounted is refused in one line that says what, why, and what to do.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "fixture.h"

namespace sluice::test {
namespace {

class Refused : public Mounts {
 protected:
  // Gives the one line that mounting fails with.
  std::string line_of(const std::string& source, const std::string& mountpoint,
                      const How& how = {}) {
    const Finished finished = sluice({"mount", source, mountpoint}, how);
    EXPECT_EQ(finished.status, 1) << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_EQ(std::ranges::count(finished.err, '\n'), 1) << finished.err;
    EXPECT_EQ(finished.err.find("sluice: cannot mount `"), 0u) << finished.err;
    return finished.err;
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(Refused, a_source_that_is_not_there) {
  EXPECT_TRUE(has(line_of(scratch_.path("none"), mnt_),
                  "source `" + scratch_.path("none") + "` does not exist"));
  EXPECT_TRUE(has(line_of(lower_ + "/file/below", mnt_), "not a directory"));
}

TEST_F(Refused, a_source_that_is_neither_directory_nor_file) {
  ASSERT_EQ(::mkfifo(scratch_.path("pipe").c_str(), 0644), 0);
  for (const std::string& source : {scratch_.path("pipe"), std::string{"/dev/null"}}) {
    EXPECT_TRUE(has(line_of(source, mnt_), "is neither a directory nor a regular file")) << source;
  }
}

TEST_F(Refused, a_mount_point_that_is_not_there_or_of_the_wrong_kind) {
  EXPECT_TRUE(has(line_of(lower_, scratch_.path("none")), "does not exist"));
  EXPECT_TRUE(has(line_of(lower_, lower_ + "/file"), "is not a directory"));
  EXPECT_TRUE(has(line_of(lower_ + "/file", mnt_), "is a directory"));
  EXPECT_FALSE(is_mounted(mnt_));
}

TEST_F(Refused, a_missing_device) {
  const auto without_fuse = [] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/dev", "tmpfs", 0, nullptr) != 0)
      ::_exit(99);
  };
  const std::string line = line_of(lower_, mnt_, {.before = without_fuse});
  EXPECT_TRUE(has(line, "no `/dev/fuse`: load it with `modprobe fuse`")) << line;
}

TEST_F(Refused, a_device_that_is_something_else) {
  const auto other_device = [] {
    // What the namespace has there has no name any more, and nothing can be mounted over it.
    if (::unshare(CLONE_NEWNS) != 0 || ::umount2("/dev/fuse", MNT_DETACH) != 0 ||
        ::mount("/dev/null", "/dev/fuse", nullptr, MS_BIND, nullptr) != 0) {
      ::_exit(99);
    }
  };
  line_of(lower_, mnt_, {.before = other_device});
  EXPECT_FALSE(is_mounted(mnt_));
}

TEST_F(Refused, names_cannot_write_to_the_terminal) {
  EXPECT_TRUE(has(line_of("/none\033[2J\nx", mnt_), "\\033[2J\\012x"));
}

TEST_F(Refused, the_foreground_speaks_the_same_way) {
  const Finished finished = sluice({"mount", "-f", scratch_.path("none"), mnt_});
  EXPECT_EQ(finished.status, 1);
  EXPECT_TRUE(has(finished.err, "does not exist")) << finished.err;
}

TEST_F(Refused, wrong_usage_has_a_status_of_its_own) {
  for (const Words& words :
       {Words{"mount"}, Words{"mount", lower_}, Words{"mount", lower_, mnt_, "x"},
        Words{"mount", lower_, mnt_, "--nope"}, Words{"unmount"}, Words{"mont"}, Words{}}) {
    const Finished finished = sluice(words);
    EXPECT_EQ(finished.status, 2) << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_NE(finished.err, "");
  }
  EXPECT_FALSE(is_mounted(mnt_));
}

TEST_F(Refused, unmounting_what_is_no_mount) {
  const Finished folder = sluice({"unmount", mnt_});
  EXPECT_EQ(folder.status, 1);
  EXPECT_TRUE(has(folder.err, "is not a mount point")) << folder.err;
  const Finished none = sluice({"unmount", scratch_.path("none")});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(has(none.err, "no such file or directory")) << none.err;
}

}  // namespace
}  // namespace sluice::test
