// SPDX-License-Identifier: MIT
// The flags that a mount gets: those asked for, and those of the lower mounts.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "fixture.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::test {
namespace {

class MountFlags : public Mounts {
 protected:
  mount::MountEntry entry(const std::string& path) {
    const auto mounts = mount::list_mounts();
    const mount::MountEntry* found = mounts ? mount::mount_at_point(path, *mounts) : nullptr;
    EXPECT_NE(found, nullptr) << path;
    return found == nullptr ? mount::MountEntry{} : *found;
  }
  // Mounts a tmpfs with these flags.
  void tmpfs(const std::string& path, unsigned long flags) {
    ASSERT_EQ(::mount("none", path.c_str(), "tmpfs", flags, "size=1m"), 0);
  }
};

using enum mount::MountFlag;

TEST_F(MountFlags, readonly_refuses_every_change) {
  mount({"--readonly"});
  EXPECT_EQ(read_file(in_mnt("file")), "content");
  EXPECT_EQ(::mkdir(in_mnt("d").c_str(), 0755), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(::truncate(in_mnt("file").c_str(), 0), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(::unlink(in_mnt("file").c_str()), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(read_file(lower_ + "/file"), "content");
}

TEST_F(MountFlags, readonly_stays_whatever_the_mount_options_say) {
  mount({"--readonly", "-o", "rw"});
  EXPECT_TRUE(entry(mnt_).flags.has(read_only));
}

TEST_F(MountFlags, the_kernel_checks_permissions_and_lets_all_users_of_root_in) {
  mount();
  const auto mounted = entry(mnt_);
  EXPECT_TRUE(mounted.super_option("default_permissions"));
  EXPECT_TRUE(mounted.super_option("allow_other"));
  EXPECT_EQ(mounted.fs_type, "fuse.sluice");
  EXPECT_EQ(mounted.source, lower_);
}

TEST_F(MountFlags, those_asked_for_are_set) {
  mount({"-o", "nosuid,nodev", "-o", "noexec"});
  const auto flags = entry(mnt_).flags;
  EXPECT_TRUE(flags.has(no_suid) && flags.has(no_dev) && flags.has(no_exec));
  EXPECT_EQ(status_of(mnt_)["flags"], "rw,nosuid,nodev,noexec");
}

TEST_F(MountFlags, those_of_the_lower_mount_hold_and_cannot_be_taken_off) {
  tmpfs(lower_, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME);
  mount({"-o", "suid,dev,exec,atime"});
  const auto flags = entry(mnt_).flags;
  for (auto flag : {no_suid, no_dev, no_exec, no_atime})
    EXPECT_TRUE(flags.has(flag)) << mount::word(flag);
  EXPECT_FALSE(flags.has(read_only));
}

TEST_F(MountFlags, a_read_only_source_gives_a_read_only_mount) {
  tmpfs(lower_, MS_RDONLY);
  mount({"-o", "rw"});
  EXPECT_TRUE(entry(mnt_).flags.has(read_only));
}

TEST_F(MountFlags, the_strictest_of_the_mounts_below_holds_and_is_told) {
  const std::string below = scratch_.folder("lower/below");
  tmpfs(below, MS_NOEXEC | MS_RDONLY);
  const std::string told = mount();
  EXPECT_NE(told.find("`noexec` holds for the whole mount, because `" + below + "`"),
            std::string::npos)
      << told;
  EXPECT_TRUE(entry(mnt_).flags.has(no_exec));
  // That one refuses its own writers.
  EXPECT_FALSE(entry(mnt_).flags.has(read_only));
  EXPECT_EQ(shell("echo x > " + mnt_ + "/below/x").status, 2);
  EXPECT_EQ(shell("echo x > " + mnt_ + "/x").status, 0);
}

TEST_F(MountFlags, mounts_below_do_not_count_where_they_are_left_out) {
  const std::string below = scratch_.folder("lower/below");
  tmpfs(below, MS_NOEXEC);
  EXPECT_EQ(mount({"--one-file-system"}), "");
  EXPECT_FALSE(entry(mnt_).flags.has(no_exec));
  EXPECT_EQ(::access(in_mnt("below").c_str(), F_OK), -1);
}

TEST_F(MountFlags, a_feature_that_is_switched_off_is_told_with_its_cost) {
  const std::string told = mount({"--no-passthrough"});
  EXPECT_EQ(std::ranges::count(told, '\n'), 1) << told;
  EXPECT_EQ(told.find("sluice: passthrough is off: "), 0u) << told;
  EXPECT_EQ(read_file(in_mnt("file")), "content");
  EXPECT_EQ(status_of(mnt_)["served"], 1);
}

}  // namespace
}  // namespace sluice::test
