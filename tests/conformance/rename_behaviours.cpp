// SPDX-License-Identifier: MIT
// Every form of rename.
#include <linux/fs.h>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

void a_renamed_file_is_the_same_file(World& world) {
  make(world, "a", "moved");
  EXPECT_DONE(world.mkdir("d", 0755));
  const auto before = MUST(world.stat("a"));
  EXPECT_DONE(world.rename("a", "d/b"));
  EXPECT_FALSE(exists(world, "a"));
  EXPECT_EQ(content_of(world, "d/b"), "moved");
  EXPECT_EQ(MUST(world.stat("d/b")).st_ino, before.st_ino);
}

void rename_replaces_a_file(World& world) {
  make(world, "a", "new");
  make(world, "b", "old");
  EXPECT_DONE(world.link("b", "c"));
  EXPECT_DONE(world.rename("a", "b"));
  EXPECT_EQ(content_of(world, "b"), "new");
  EXPECT_EQ(content_of(world, "c"), "old");
  EXPECT_EQ(MUST(world.stat("c")).st_nlink, 1U);
  EXPECT_FALSE(exists(world, "a"));
}

void rename_onto_another_name_of_the_file_does_nothing(World& world) {
  make(world, "a", "same");
  EXPECT_DONE(world.link("a", "b"));
  EXPECT_DONE(world.rename("a", "b"));
  EXPECT_TRUE(exists(world, "a"));
  EXPECT_TRUE(exists(world, "b"));
  EXPECT_DONE(world.rename("a", "a"));
  EXPECT_EQ(content_of(world, "a"), "same");
}

void a_directory_takes_what_is_in_it_along(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_DONE(world.mkdir("d/e", 0755));
  EXPECT_DONE(world.mkdir("other", 0755));
  make(world, "d/e/a", "inside");
  const int file = MUST(world.open("d/e/a", O_RDWR));
  EXPECT_DONE(world.rename("d/e", "other/f"));
  EXPECT_EQ(content_of(world, "other/f/a"), "inside");
  EXPECT_FAILS(world.stat("d/e"), ENOENT);
  EXPECT_EQ(MUST(world.stat("d")).st_nlink, 2U);
  EXPECT_EQ(MUST(world.stat("other")).st_nlink, 3U);
  EXPECT_EQ(MUST(world.pwrite(file, "IN", 0)), 2U);
  EXPECT_EQ(content_of(world, "other/f/a"), "INside");
  EXPECT_EQ(content_of(world, "other/f/../f/a"), "INside");
  EXPECT_DONE(world.close(file));
}

void a_directory_replaces_an_empty_directory_only(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  make(world, "d/a");
  EXPECT_DONE(world.mkdir("empty", 0755));
  EXPECT_DONE(world.mkdir("full", 0755));
  make(world, "full/b");
  EXPECT_FAILS(world.rename("d", "full"), ENOTEMPTY);
  EXPECT_DONE(world.rename("d", "empty"));
  EXPECT_TRUE(exists(world, "empty/a"));
}

void a_directory_and_a_file_do_not_replace_each_other(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  make(world, "a");
  EXPECT_FAILS(world.rename("d", "a"), ENOTDIR);
  EXPECT_FAILS(world.rename("a", "d"), EISDIR);
}

void a_directory_does_not_go_below_itself(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_DONE(world.mkdir("d/e", 0755));
  EXPECT_FAILS(world.rename("d", "d/e/f"), EINVAL);
  EXPECT_FAILS(world.rename("d/e", "d"), ENOTEMPTY);
}

void noreplace_keeps_what_is_there(World& world) {
  make(world, "a", "a");
  make(world, "b", "b");
  EXPECT_FAILS(world.rename("a", "b", RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(content_of(world, "b"), "b");
  EXPECT_DONE(world.rename("a", "c", RENAME_NOREPLACE));
  EXPECT_EQ(content_of(world, "c"), "a");
}

void exchange_swaps_two_files(World& world) {
  make(world, "a", "was a");
  make(world, "b", "was b");
  EXPECT_DONE(world.rename("a", "b", RENAME_EXCHANGE));
  EXPECT_EQ(content_of(world, "a"), "was b");
  EXPECT_EQ(content_of(world, "b"), "was a");
  EXPECT_FAILS(world.rename("a", "none", RENAME_EXCHANGE), ENOENT);
  EXPECT_FAILS(world.rename("a", "b", RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL);
}

void exchange_swaps_a_file_and_a_directory(World& world) {
  EXPECT_DONE(world.mkdir("p", 0755));
  EXPECT_DONE(world.mkdir("p/d", 0755));
  make(world, "p/d/in", "inside");
  make(world, "a", "file");
  EXPECT_DONE(world.rename("a", "p/d", RENAME_EXCHANGE));
  EXPECT_EQ(content_of(world, "a/in"), "inside");
  EXPECT_EQ(content_of(world, "p/d"), "file");
  EXPECT_EQ(MUST(world.stat("p")).st_nlink, 2U);
  EXPECT_EQ(content_of(world, "a/../p/d"), "file");
}

void whiteout_leaves_a_device_behind(World& world) {
  make(world, "a", "moved");
  auto done = world.rename("a", "b", RENAME_WHITEOUT);
  const bool offered = done || (done.error() != Errno{EINVAL} && done.error() != Errno{EPERM});
  if (!offered) GTEST_SKIP() << "no whiteouts here";
  EXPECT_DONE(done);
  EXPECT_EQ(content_of(world, "b"), "moved");
  const auto left = MUST(world.stat("a", Follow::no));
  EXPECT_TRUE(S_ISCHR(left.st_mode));
  EXPECT_EQ(left.st_rdev, 0U);
}

void rename_refuses_what_it_cannot_do(World& world) {
  make(world, "a");
  EXPECT_FAILS(world.rename("none", "b"), ENOENT);
  EXPECT_FAILS(world.rename("a", "none/b"), ENOENT);
  EXPECT_FAILS(world.rename("a", "a/b"), ENOTDIR);
  EXPECT_FAILS(world.rename("a", "b/"), ENOTDIR);
  EXPECT_FAILS(world.rename("a", "b", 0x80), EINVAL);
  EXPECT_FAILS(world.rename("a", std::string(256, 'n')), ENAMETOOLONG);
}

void a_symlink_is_renamed_and_replaced_itself(World& world) {
  make(world, "target", "target");
  make(world, "a", "file");
  EXPECT_DONE(world.symlink("target", "s"));
  EXPECT_DONE(world.rename("s", "t"));
  EXPECT_EQ(MUST(world.readlink("t")), "target");
  EXPECT_DONE(world.rename("a", "t"));
  EXPECT_EQ(content_of(world, "t"), "file");
  EXPECT_EQ(content_of(world, "target"), "target");
}

constexpr Behaviour kBehaviours[] = {
    {"a_renamed_file_is_the_same_file", a_renamed_file_is_the_same_file},
    {"rename_replaces_a_file", rename_replaces_a_file},
    {"rename_onto_another_name_of_the_file_does_nothing",
     rename_onto_another_name_of_the_file_does_nothing},
    {"a_directory_takes_what_is_in_it_along", a_directory_takes_what_is_in_it_along},
    {"a_directory_replaces_an_empty_directory_only", a_directory_replaces_an_empty_directory_only},
    {"a_directory_and_a_file_do_not_replace_each_other",
     a_directory_and_a_file_do_not_replace_each_other},
    {"a_directory_does_not_go_below_itself", a_directory_does_not_go_below_itself},
    {"noreplace_keeps_what_is_there", noreplace_keeps_what_is_there},
    {"exchange_swaps_two_files", exchange_swaps_two_files},
    {"exchange_swaps_a_file_and_a_directory", exchange_swaps_a_file_and_a_directory},
    {"whiteout_leaves_a_device_behind", whiteout_leaves_a_device_behind},
    {"rename_refuses_what_it_cannot_do", rename_refuses_what_it_cannot_do},
    {"a_symlink_is_renamed_and_replaced_itself", a_symlink_is_renamed_and_replaced_itself},
};

}  // namespace

std::span<const Behaviour> rename_behaviours() { return kBehaviours; }

}  // namespace conformance
