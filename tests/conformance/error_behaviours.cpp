// SPDX-License-Identifier: MIT
// Which error each call gives for which path.
#include <string>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

void missing_names_are_enoent(World& world) {
  EXPECT_FAILS(world.stat("none"), ENOENT);
  EXPECT_FAILS(world.open("none", O_RDONLY), ENOENT);
  EXPECT_FAILS(world.open("none/a", O_CREAT | O_WRONLY, 0644), ENOENT);
  EXPECT_FAILS(world.unlink("none"), ENOENT);
  EXPECT_FAILS(world.rmdir("none"), ENOENT);
  EXPECT_FAILS(world.mkdir("none/d", 0755), ENOENT);
  EXPECT_FAILS(world.chmod("none", 0644), ENOENT);
  EXPECT_FAILS(world.readlink("none"), ENOENT);
  EXPECT_FAILS(world.truncate("none", 0), ENOENT);
  EXPECT_FAILS(world.getxattr("none", "user.a"), ENOENT);
  EXPECT_FAILS(world.access("none", F_OK), ENOENT);
}

void files_on_the_way_are_enotdir(World& world) {
  make(world, "a");
  EXPECT_FAILS(world.stat("a/b"), ENOTDIR);
  EXPECT_FAILS(world.open("a/b", O_RDONLY), ENOTDIR);
  EXPECT_FAILS(world.open("a/b", O_CREAT | O_WRONLY, 0644), ENOTDIR);
  EXPECT_FAILS(world.mkdir("a/b", 0755), ENOTDIR);
  EXPECT_FAILS(world.unlink("a/b"), ENOTDIR);
  EXPECT_FAILS(world.open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
  EXPECT_FAILS(world.open("a/", O_RDONLY), ENOTDIR);
  EXPECT_FAILS(world.rmdir("a"), ENOTDIR);
}

void names_that_are_there_are_eexist(World& world) {
  make(world, "a");
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_FAILS(world.mkdir("a", 0755), EEXIST);
  EXPECT_FAILS(world.mkdir("d", 0755), EEXIST);
  EXPECT_FAILS(world.symlink("x", "a"), EEXIST);
  EXPECT_FAILS(world.mknod("d", S_IFIFO | 0600, 0), EEXIST);
  EXPECT_FAILS(world.mkdir(".", 0755), EEXIST);
}

void directories_with_names_in_them_are_enotempty(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  make(world, "d/a");
  EXPECT_FAILS(world.rmdir("d"), ENOTEMPTY);
  EXPECT_DONE(world.unlink("d/a"));
  EXPECT_DONE(world.rmdir("d"));
  EXPECT_FALSE(exists(world, "d"));
}

void directories_are_eisdir_where_files_are_wanted(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_FAILS(world.open("d", O_WRONLY), EISDIR);
  EXPECT_FAILS(world.open("d", O_RDWR | O_TRUNC), EISDIR);
  EXPECT_FAILS(world.open("d", O_CREAT | O_RDWR, 0644), EISDIR);
  EXPECT_FAILS(world.unlink("d"), EISDIR);
  const int directory = MUST(world.open("d", O_RDONLY));
  EXPECT_FAILS(world.read(directory, 10), EISDIR);
  EXPECT_DONE(world.close(directory));
}

void circles_of_symlinks_are_eloop(World& world) {
  EXPECT_DONE(world.symlink("b", "a"));
  EXPECT_DONE(world.symlink("a", "b"));
  EXPECT_DONE(world.symlink("self", "self"));
  EXPECT_FAILS(world.stat("a"), ELOOP);
  EXPECT_FAILS(world.open("self", O_RDONLY), ELOOP);
  EXPECT_FAILS(world.open("self/x", O_RDONLY), ELOOP);
  EXPECT_DONE(world.stat("a", Follow::no));
  EXPECT_FAILS(world.open("a", O_RDONLY | O_NOFOLLOW), ELOOP);
}

void forty_symlinks_are_followed_and_no_more(World& world) {
  make(world, "s0", "end");
  for (int i = 1; i <= 41; ++i) {
    EXPECT_DONE(world.symlink("s" + std::to_string(i - 1), "s" + std::to_string(i)));
  }
  EXPECT_EQ(content_of(world, "s40"), "end");
  EXPECT_FAILS(world.stat("s41"), ELOOP);
}

void paths_that_are_too_long_are_enametoolong(World& world) {
  std::string path;
  while (path.size() < 5000) path += "d/";
  EXPECT_FAILS(world.stat(path), ENAMETOOLONG);
  EXPECT_FAILS(world.symlink(std::string(4096, 'x'), "s"), ENAMETOOLONG);
}

void the_root_is_not_removed_or_renamed(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_FAILS(world.rmdir("d/."), EINVAL);
  EXPECT_FAILS(world.rmdir("d/.."), ENOTEMPTY);
  EXPECT_FAILS(world.rename("d/.", "e"), EBUSY);
  EXPECT_FAILS(world.rename("d", "d/.."), EBUSY);
  EXPECT_TRUE(exists(world, "d"));
}

void readlink_is_for_symlinks_alone(World& world) {
  make(world, "a");
  EXPECT_FAILS(world.readlink("a"), EINVAL);
  EXPECT_FAILS(world.readlink("."), EINVAL);
  EXPECT_FAILS(world.symlink("", "s"), ENOENT);
}

constexpr Behaviour kBehaviours[] = {
    {"missing_names_are_enoent", missing_names_are_enoent},
    {"files_on_the_way_are_enotdir", files_on_the_way_are_enotdir},
    {"names_that_are_there_are_eexist", names_that_are_there_are_eexist},
    {"directories_with_names_in_them_are_enotempty", directories_with_names_in_them_are_enotempty},
    {"directories_are_eisdir_where_files_are_wanted",
     directories_are_eisdir_where_files_are_wanted},
    {"circles_of_symlinks_are_eloop", circles_of_symlinks_are_eloop},
    {"forty_symlinks_are_followed_and_no_more", forty_symlinks_are_followed_and_no_more},
    {"paths_that_are_too_long_are_enametoolong", paths_that_are_too_long_are_enametoolong},
    {"the_root_is_not_removed_or_renamed", the_root_is_not_removed_or_renamed},
    {"readlink_is_for_symlinks_alone", readlink_is_for_symlinks_alone},
};

}  // namespace

std::span<const Behaviour> error_behaviours() { return kBehaviours; }

}  // namespace conformance
