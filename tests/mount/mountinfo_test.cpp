// SPDX-License-Identifier: MIT
#include "sluice/mount/mountinfo.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sluice/mount/lower_flags.h"
#include "support.h"

namespace sluice::mount {
namespace {

using enum MountFlag;

constexpr std::string_view kTree =
    "21 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
    "22 21 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:5 - proc proc rw\n"
    "30 21 0:40 / /data rw,noatime shared:7 master:3 - xfs /dev/sdb rw\n"
    "31 30 0:41 /sub /data/in ro,nosuid - btrfs /dev/sdc ro,space_cache\n"
    "32 31 0:42 / /data/in rw,noexec,nodev - fuse.sshfs u@h:/x rw,user_id=1000,group_id=1001\n";

TEST(Mountinfo, fields_are_told_apart) {
  const auto mounts = parse_mountinfo(kTree);
  ASSERT_EQ(mounts.size(), 5u);
  const MountEntry& entry = mounts[3];
  EXPECT_EQ(entry.id, 31);
  EXPECT_EQ(entry.parent_id, 30);
  EXPECT_EQ(entry.st_dev(), makedev(0, 41));
  EXPECT_EQ(entry.root, "/sub");
  EXPECT_EQ(entry.mount_point, "/data/in");
  EXPECT_EQ(entry.flags, (Flags<MountFlag>{read_only, no_suid}));
  EXPECT_EQ(entry.fs_type, "btrfs");
  EXPECT_EQ(entry.source, "/dev/sdc");
  EXPECT_EQ(entry.super_options, "ro,space_cache");
}

TEST(Mountinfo, fuse_is_told_by_its_type) {
  const auto type_is_fuse = [](std::string_view type) {
    const auto mounts = parse_mountinfo("1 0 8:1 / /x rw - " + std::string{type} + " s rw\n");
    return mounts.size() == 1 && mounts[0].is_fuse();
  };
  for (auto type : {"fuse", "fuseblk", "fuse.a", "fuseblk.ntfs"})
    EXPECT_TRUE(type_is_fuse(type)) << type;
  for (auto type : {"fusectl", "ext4", "virtiofs", "fused"})
    EXPECT_FALSE(type_is_fuse(type)) << type;
}

TEST(Mountinfo, the_connection_is_the_kernels_device_number) {
  const auto mounts =
      parse_mountinfo("1 0 0:77 / /x rw - fuse s rw\n2 0 8:1 / /y rw - fuseblk s rw");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].connection(), 77u);
  EXPECT_EQ(mounts[1].connection(), (8u << 20) + 1u);
}

TEST(Mountinfo, super_options_are_found_by_their_key) {
  const auto mounts = parse_mountinfo(kTree);
  EXPECT_EQ(mounts[4].super_option("user_id"), "1000");
  EXPECT_EQ(mounts[4].super_option("rw"), "");
  EXPECT_EQ(mounts[4].super_option("user"), std::nullopt);
}

TEST(Mountinfo, octal_escapes_are_decoded_and_others_kept) {
  const auto mounts = parse_mountinfo(
      "1 0 0:1 / /a\\040b\\011c\\012d\\134e\\043 rw - fuse s\\040t rw\n"
      "2 0 0:1 / /x\\04 rw - fuse s rw\n"
      "3 0 0:1 / /y\\400\\8\\ rw - fuse s rw\n");
  ASSERT_EQ(mounts.size(), 3u);
  EXPECT_EQ(mounts[0].mount_point, "/a b\tc\nd\\e#");
  EXPECT_EQ(mounts[0].source, "s t");
  EXPECT_EQ(mounts[1].mount_point, "/x\\04");
  EXPECT_EQ(mounts[2].mount_point, "/y\\400\\8\\");
}

TEST(Mountinfo, a_source_without_a_name_does_not_shift_the_fields) {
  const auto mounts = parse_mountinfo("1 0 0:1 / /x rw - fuse  rw,user_id=7\n");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].source, "");
  EXPECT_EQ(mounts[0].super_option("user_id"), "7");
}

TEST(Mountinfo, odd_lines_are_passed_over_and_the_rest_is_read) {
  const auto mounts = parse_mountinfo(
      "\n"
      "no numbers at all\n"
      "1 0 0:1 / /x rw\n"
      "1 0 0:1 / /x rw shared:1\n"
      "1 0 01 / /x rw - fuse s rw\n"
      "1x 0 0:1 / /x rw - fuse s rw\n"
      "99999999999999999999 0 0:1 / /x rw - fuse s rw\n"
      "1 0 0:1 / relative rw - fuse s rw\n"
      "1 0 0:1 / /x rw - \n"
      "7 0 0:1 / /good rw,oddword - fuse s rw");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].mount_point, "/good");
  EXPECT_TRUE(mounts[0].flags.none());
}

TEST(Mountinfo, every_truncation_of_a_list_is_read_without_harm) {
  for (std::size_t size = 0; size <= kTree.size(); ++size) {
    EXPECT_LE(parse_mountinfo(kTree.substr(0, size)).size(), 5u);
  }
}

TEST(Mountinfo, this_process_has_a_root_and_a_proc) {
  const auto mounts = list_mounts();
  ASSERT_TRUE(mounts) << mounts.error().line();
  const MountEntry* proc = mount_at_point("/proc", *mounts);
  ASSERT_NE(proc, nullptr);
  EXPECT_EQ(proc->fs_type, "proc");
  struct stat seen {};
  ASSERT_EQ(::stat("/proc", &seen), 0);
  EXPECT_EQ(proc->st_dev(), seen.st_dev);
}

TEST(MountOf, the_topmost_of_stacked_mounts_is_found) {
  const auto mounts = parse_mountinfo(kTree);
  EXPECT_EQ(mount_of("/data/in", mounts)->id, 32);
  EXPECT_EQ(mount_of("/data/in/deep/er", mounts)->id, 32);
  EXPECT_EQ(mount_of("/data/inner", mounts)->id, 30);
  EXPECT_EQ(mount_of("/database", mounts)->id, 21);
  EXPECT_EQ(mount_at_point("/data/in/deep", mounts), nullptr);
  EXPECT_EQ(mount_at_point("/", mounts)->id, 21);
}

TEST(MountOf, the_order_of_the_list_does_not_matter) {
  const auto mounts = parse_mountinfo(
      "32 31 0:42 / /data/in rw - fuse x rw\n"
      "31 30 0:41 / /data/in rw - xfs x rw\n"
      "30 21 0:40 / /data rw - xfs x rw\n"
      "21 1 254:0 / / rw - ext4 x rw\n");
  EXPECT_EQ(mount_of("/data/in", mounts)->id, 32);
}

TEST(MountOf, a_mount_that_another_one_hides_is_not_found) {
  const std::string root = "21 1 254:0 / / rw - ext4 x rw\n";
  const std::string hidden = "30 21 0:40 / /a/b rw - fuse hidden rw\n";
  const std::string over = "31 21 0:41 / /a rw - tmpfs over rw\n";
  for (const std::string& text : {root + hidden + over, over + hidden + root}) {
    const auto mounts = parse_mountinfo(text);
    EXPECT_EQ(mount_of("/a/b", mounts)->id, 31);
    EXPECT_EQ(mount_at_point("/a/b", mounts), nullptr);
  }
}

TEST(MountOf, a_list_without_a_root_or_in_circles_does_no_harm) {
  const auto rootless = parse_mountinfo("30 21 0:40 / /a rw - fuse x rw\n");
  EXPECT_EQ(mount_of("/a/b", rootless)->id, 30);
  EXPECT_EQ(mount_of("/b", rootless), nullptr);
  const auto circle = parse_mountinfo(
      "1 2 0:40 / /a rw - fuse x rw\n"
      "2 1 0:41 / /a rw - fuse x rw\n");
  EXPECT_EQ(mount_of("/a", circle), nullptr);
  EXPECT_EQ(mount_of("/a", {}), nullptr);
}

TEST(LowerFlags, the_strictest_of_all_mounts_below_is_taken_and_each_flag_has_its_reason) {
  const auto mounts = parse_mountinfo(kTree);
  const Strictest strictest = strictest_below("/data", mounts);
  EXPECT_EQ(strictest.flags, (Flags<MountFlag>{no_atime, no_exec, no_dev}));
  EXPECT_EQ(strictest.demanded_by(no_atime), "/data");
  EXPECT_EQ(strictest.demanded_by(no_exec), "/data/in");
  EXPECT_EQ(strictest.demanded_by(no_suid), "");
  EXPECT_EQ(strictest.demands.size(), 3u);
}

TEST(LowerFlags, the_mount_that_holds_a_folder_counts_though_it_begins_above) {
  const auto mounts = parse_mountinfo(kTree);
  EXPECT_EQ(strictest_below("/data/other", mounts).flags, Flags<MountFlag>{no_atime});
  EXPECT_EQ(strictest_below("/home", mounts).flags, Flags<MountFlag>{});
}

TEST(LowerFlags, read_only_below_is_not_inherited) {
  const auto mounts = parse_mountinfo(
      "21 1 254:0 / / rw - ext4 x rw\n"
      "30 21 0:40 / /ro ro,nosuid - iso9660 x ro\n");
  EXPECT_EQ(strictest_below("/", mounts).flags, Flags<MountFlag>{no_suid});
}

TEST(LowerFlags, of_a_descriptor_are_those_of_its_mount) {
  if (const auto why = test::no_mounts_here(); !why.empty()) GTEST_SKIP() << why;
  const test::Place place;
  const std::string folder = place.folder("lower");
  ASSERT_EQ(
      ::mount("none", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME | MS_RDONLY, ""),
      0);
  const Fd opened{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
  const auto flags = flags_of(opened.get());
  ASSERT_TRUE(flags) << flags.error().line();
  EXPECT_EQ(*flags, (Flags<MountFlag>{read_only, no_suid, no_dev, no_atime}));
  EXPECT_EQ(strictest_below(folder, *list_mounts()).demanded_by(no_suid), folder);
  EXPECT_EQ(flags_of(-1).error().cause(), Errno{EBADF});
}

}  // namespace
}  // namespace sluice::mount
