// SPDX-License-Identifier: MIT
#include "sluice/mount/options.h"

#include <gtest/gtest.h>

#include "sluice/mount/fusermount.h"  // private: the escapes

namespace sluice::mount {
namespace {

using enum MountFlag;

Options parsed(std::string_view text, Options base = {}) {
  auto options = parse_mount_options(text, std::move(base));
  EXPECT_TRUE(options) << text << ": " << (options ? "" : options.error().line());
  return options.value_or(Options{});
}

std::string refusal(std::string_view text) {
  const auto options = parse_mount_options(text, {});
  if (options) return "accepted";
  EXPECT_EQ(options.error().cause(), Errno{EINVAL}) << text;
  return options.error().line();
}

TEST(MountOptions, words_set_their_flags) {
  const Options options =
      parsed("ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow,sync,dirsync");
  EXPECT_EQ(options.flags, (Flags<MountFlag>{read_only, no_suid, no_dev, no_exec, no_atime,
                                             no_dir_atime, no_symfollow, synchronous, dir_sync}));
}

TEST(MountOptions, opposite_words_take_flags_away) {
  Options base;
  base.flags = {read_only, no_suid, no_dev, no_exec, no_atime, no_dir_atime, synchronous};
  EXPECT_TRUE(parsed("rw,suid,dev,exec,atime,diratime,async", base).flags.none());
}

TEST(MountOptions, later_words_win) {
  EXPECT_FALSE(parsed("ro,rw").flags.has(read_only));
  EXPECT_TRUE(parsed("rw,ro").flags.has(read_only));
}

TEST(MountOptions, the_three_atime_words_exclude_each_other) {
  EXPECT_EQ(parsed("noatime,relatime").flags, Flags<MountFlag>{relatime});
  EXPECT_EQ(parsed("relatime,strictatime").flags, Flags<MountFlag>{strict_atime});
  EXPECT_EQ(parsed("strictatime,noatime").flags, Flags<MountFlag>{no_atime});
}

TEST(MountOptions, nothing_changes_nothing) {
  Options base;
  base.source = "/srv";
  base.flags = no_suid;
  const Options options = parsed("", base);
  EXPECT_EQ(options.source, "/srv");
  EXPECT_EQ(options.flags, Flags<MountFlag>{no_suid});
  EXPECT_TRUE(options.default_permissions);
  EXPECT_FALSE(options.allow_other);
}

TEST(MountOptions, values_are_taken) {
  const Options options = parsed("fsname=a=b,subtype=mirror,max_read=131072,allow_other");
  EXPECT_EQ(options.source, "a=b");
  EXPECT_EQ(options.subtype, "mirror");
  EXPECT_EQ(options.max_read, 131072u);
  EXPECT_TRUE(options.allow_other);
}

TEST(MountOptions, a_backslash_keeps_a_comma_in_a_value) {
  const Options options = parsed("fsname=a\\,b\\\\c\\d,ro");
  EXPECT_EQ(options.source, "a,b\\c\\d");
  EXPECT_TRUE(options.flags.has(read_only));
}

TEST(MountOptions, words_for_mount_8_are_passed_over) {
  const Options options = parsed("defaults,noauto,_netdev,x-systemd.automount,,x-gvfs-name=a");
  EXPECT_TRUE(options.flags.none());
}

TEST(MountOptions, an_unknown_word_is_refused_with_the_nearest_known_one) {
  EXPECT_EQ(refusal("nosud"), "mount option `nosud` is unknown; did you mean `nosuid`?");
  EXPECT_EQ(refusal("ro,alow_other"),
            "mount option `alow_other` is unknown; did you mean `allow_other`?");
  EXPECT_EQ(refusal("fsnmae=x"), "mount option `fsnmae` is unknown; did you mean `fsname`?");
}

TEST(MountOptions, a_word_like_none_is_refused_without_a_guess) {
  EXPECT_EQ(refusal("foo"), "mount option `foo` is unknown");
  EXPECT_EQ(refusal("umask=022"), "mount option `umask` is unknown");
  EXPECT_EQ(refusal(std::string(100000, 'x')).substr(0, 15), "mount option `x");
}

TEST(MountOptions, an_idmapped_mount_is_refused_with_the_reason) {
  for (std::string_view text : {"X-mount.idmap=/proc/1/ns/user", "x-mount.idmap=b:0:1:1"}) {
    EXPECT_NE(refusal(text).find("hides the caller's uid"), std::string::npos) << text;
  }
}

TEST(MountOptions, what_the_kernel_is_told_by_us_cannot_be_given) {
  for (std::string_view text :
       {"fd=3", "rootmode=40000", "user_id=0", "group_id=0", "allow_root"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
}

TEST(MountOptions, bad_values_are_refused) {
  for (std::string_view text : {"max_read=", "max_read", "max_read=4095", "max_read=-1",
                                "max_read=4096x", "max_read=4294967296", "fsname=", "fsname",
                                "subtype=a/b", "subtype=a b", "subtype=", "ro=1", "=ro", "="}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
  EXPECT_EQ(parsed("max_read=4294967295").max_read, 4294967295u);
}

TEST(MountOptions, every_flag_has_a_word_that_names_it) {
  for (unsigned bit = 1; bit <= static_cast<unsigned>(dir_sync); bit <<= 1) {
    const auto flag = static_cast<MountFlag>(bit);
    EXPECT_EQ(flag_of(word(flag)), flag) << bit;
  }
  EXPECT_EQ(word(static_cast<MountFlag>(1u << 30)), "?");
}

TEST(MountOptions, for_fusermount_commas_and_backslashes_in_names_are_escaped) {
  Options options;
  options.source = "a,b\\c";
  options.flags = {no_exec, relatime};
  options.max_read = 8192;
  EXPECT_EQ(fusermount_options(options),
            "rw,noexec,default_permissions,max_read=8192,subtype=sluice,fsname=a\\,b\\\\c");
}

}  // namespace
}  // namespace sluice::mount
