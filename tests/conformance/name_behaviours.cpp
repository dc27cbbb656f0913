// SPDX-License-Identifier: MIT
// Names: making and removing them, links of both kinds.
#include <sys/sysmacros.h>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

void an_exclusive_create_makes_exactly_one_file(World& world) {
  make(world, "a", "first");
  EXPECT_FAILS(world.open("a", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
  EXPECT_EQ(content_of(world, "a"), "first");
}

void creating_what_is_there_opens_it(World& world) {
  make(world, "a", "kept", 0600);
  const int file = MUST(world.open("a", O_CREAT | O_RDWR, 0644));
  EXPECT_EQ(MUST(world.read(file, 10)), "kept");
  EXPECT_EQ(MUST(world.fstat(file)).st_mode & 07777U, 0600U);
  EXPECT_DONE(world.close(file));
}

void a_file_made_without_write_permission_can_be_written_by_its_maker(World& world) {
  const int file = MUST(world.open("a", O_CREAT | O_EXCL | O_RDWR, 0400));
  EXPECT_EQ(MUST(world.write(file, "x")), 1U);
  EXPECT_DONE(world.close(file));
  EXPECT_EQ(content_of(world, "a"), "x");
}

void directories_count_the_directories_in_them(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_EQ(MUST(world.stat("d")).st_nlink, 2U);
  EXPECT_DONE(world.mkdir("d/e", 0755));
  EXPECT_DONE(world.mkdir("d/f", 0755));
  EXPECT_EQ(MUST(world.stat("d")).st_nlink, 4U);
  EXPECT_DONE(world.rmdir("d/e"));
  EXPECT_EQ(MUST(world.stat("d")).st_nlink, 3U);
  make(world, "d/g");
  EXPECT_EQ(MUST(world.stat("d")).st_nlink, 3U);
}

void hard_links_share_one_file(World& world) {
  make(world, "a", "shared");
  EXPECT_DONE(world.link("a", "b"));
  const auto a = MUST(world.stat("a"));
  const auto b = MUST(world.stat("b"));
  EXPECT_EQ(a.st_nlink, 2U);
  EXPECT_EQ(b.st_nlink, 2U);
  EXPECT_EQ(a.st_ino, b.st_ino);
  const int file = MUST(world.open("b", O_WRONLY));
  EXPECT_EQ(MUST(world.pwrite(file, "SH", 0)), 2U);
  EXPECT_DONE(world.close(file));
  EXPECT_EQ(content_of(world, "a"), "SHared");
  EXPECT_DONE(world.chmod("a", 0600));
  EXPECT_EQ(MUST(world.stat("b")).st_mode & 07777U, 0600U);
  EXPECT_DONE(world.unlink("a"));
  EXPECT_EQ(MUST(world.stat("b")).st_nlink, 1U);
  EXPECT_EQ(content_of(world, "b"), "SHared");
}

void linking_refuses_what_it_cannot_do(World& world) {
  make(world, "a");
  make(world, "b");
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_FAILS(world.link("a", "b"), EEXIST);
  EXPECT_FAILS(world.link("d", "e"), EPERM);
  EXPECT_FAILS(world.link("none", "e"), ENOENT);
  EXPECT_FAILS(world.link("a", "none/e"), ENOENT);
  EXPECT_FAILS(world.link("a", "b/e"), ENOTDIR);
}

void a_symlink_can_be_hard_linked_itself(World& world) {
  EXPECT_DONE(world.symlink("nowhere", "s"));
  EXPECT_DONE(world.link("s", "t"));
  EXPECT_EQ(MUST(world.readlink("t")), "nowhere");
  EXPECT_EQ(MUST(world.stat("s", Follow::no)).st_nlink, 2U);
}

void a_symlink_leads_to_its_target(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  make(world, "d/a", "target");
  EXPECT_DONE(world.symlink("d/a", "s"));
  EXPECT_DONE(world.symlink("../s", "d/back"));
  EXPECT_EQ(content_of(world, "s"), "target");
  EXPECT_EQ(content_of(world, "d/back"), "target");
  EXPECT_EQ(MUST(world.readlink("s")), "d/a");
  const auto link = MUST(world.stat("s", Follow::no));
  EXPECT_TRUE(S_ISLNK(link.st_mode));
  EXPECT_EQ(link.st_size, 3);
  EXPECT_TRUE(S_ISREG(MUST(world.stat("s")).st_mode));
}

void a_symlink_to_a_directory_is_walked_through(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_DONE(world.mkdir("d/e", 0755));
  EXPECT_DONE(world.symlink("d/e", "s"));
  make(world, "s/a", "through");
  EXPECT_EQ(content_of(world, "d/e/a"), "through");
  EXPECT_EQ(content_of(world, "s/../e/a"), "through");
  EXPECT_TRUE(S_ISDIR(MUST(world.stat("s/", Follow::no)).st_mode));
}

void a_dangling_symlink_is_created_through(World& world) {
  EXPECT_DONE(world.symlink("target", "s"));
  EXPECT_FAILS(world.open("s", O_RDONLY), ENOENT);
  EXPECT_FAILS(world.open("s", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
  const int file = MUST(world.open("s", O_CREAT | O_WRONLY, 0644));
  EXPECT_EQ(MUST(world.write(file, "made")), 4U);
  EXPECT_DONE(world.close(file));
  EXPECT_EQ(content_of(world, "target"), "made");
}

void removing_a_symlink_leaves_its_target(World& world) {
  make(world, "a", "stays");
  EXPECT_DONE(world.symlink("a", "s"));
  EXPECT_DONE(world.unlink("s"));
  EXPECT_EQ(content_of(world, "a"), "stays");
}

void a_long_symlink_target_is_kept_whole(World& world) {
  std::string target;
  while (target.size() < 4000) target += "abcdefghi/";
  EXPECT_DONE(world.symlink(target, "s"));
  EXPECT_EQ(MUST(world.readlink("s")), target);
  EXPECT_EQ(MUST(world.stat("s", Follow::no)).st_size, static_cast<off_t>(target.size()));
}

void the_longest_name_works_and_a_longer_one_does_not(World& world) {
  const std::string longest(255, 'n');
  make(world, longest, "long");
  EXPECT_EQ(content_of(world, longest), "long");
  EXPECT_DONE(world.rename(longest, std::string(255, 'm')));
  EXPECT_DONE(world.unlink(std::string(255, 'm')));
  const std::string longer(256, 'n');
  EXPECT_FAILS(world.open(longer, O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
  EXPECT_FAILS(world.mkdir(longer, 0755), ENAMETOOLONG);
  EXPECT_FAILS(world.stat(longer), ENAMETOOLONG);
  EXPECT_FAILS(world.symlink("a", longer), ENAMETOOLONG);
}

void names_are_bytes(World& world) {
  const std::string odd = "\xff\xfe \n\t\\*?\x01\x80";
  auto made = world.open(odd, O_CREAT | O_WRONLY, 0644);
  if (!made && made.error() == Errno{EILSEQ}) GTEST_SKIP() << "this file system wants UTF-8";
  EXPECT_DONE(world.close(MUST(std::move(made))));
  const int root = MUST(world.open(".", O_RDONLY | O_DIRECTORY));
  bool listed = false;
  for (;;) {
    const auto entries = MUST(world.getdents(root));
    if (entries.empty()) break;
    for (const auto& entry : entries) listed = listed || entry.name == odd;
  }
  EXPECT_TRUE(listed);
  EXPECT_DONE(world.close(root));
  EXPECT_DONE(world.unlink(odd));
  EXPECT_FALSE(exists(world, odd));
}

void names_differ_by_case(World& world) {
  make(world, "Name", "upper");
  make(world, "name", "lower");
  EXPECT_EQ(content_of(world, "Name"), "upper");
  EXPECT_EQ(content_of(world, "name"), "lower");
}

void special_files_keep_their_type_and_number(World& world) {
  EXPECT_DONE(world.mknod("fifo", S_IFIFO | 0600, 0));
  EXPECT_DONE(world.mknod("socket", S_IFSOCK | 0600, 0));
  EXPECT_DONE(world.mknod("regular", S_IFREG | 0640, 0));
  EXPECT_TRUE(S_ISFIFO(MUST(world.stat("fifo")).st_mode));
  EXPECT_TRUE(S_ISSOCK(MUST(world.stat("socket")).st_mode));
  const auto regular = MUST(world.stat("regular"));
  EXPECT_TRUE(S_ISREG(regular.st_mode));
  EXPECT_EQ(regular.st_mode & 07777U, 0640U);
  EXPECT_FAILS(world.mknod("fifo", S_IFIFO | 0600, 0), EEXIST);
  auto device = world.mknod("device", S_IFCHR | 0600, makedev(300, 70000));
  if (!device && device.error() == Errno{EPERM}) return;  // not everybody may
  EXPECT_DONE(device);
  EXPECT_EQ(MUST(world.stat("device")).st_rdev, makedev(300, 70000));
}

void deep_paths_work(World& world) {
  std::string path = "d0";
  EXPECT_DONE(world.mkdir(path, 0755));
  for (int depth = 1; depth < 100; ++depth) {
    path += "/d" + std::to_string(depth);
    EXPECT_DONE(world.mkdir(path, 0755));
  }
  make(world, path + "/leaf", "deep");
  EXPECT_EQ(content_of(world, path + "/leaf"), "deep");
  EXPECT_EQ(content_of(world, path + "/../d99/./leaf"), "deep");
}

constexpr Behaviour kBehaviours[] = {
    {"an_exclusive_create_makes_exactly_one_file", an_exclusive_create_makes_exactly_one_file},
    {"creating_what_is_there_opens_it", creating_what_is_there_opens_it},
    {"a_file_made_without_write_permission_can_be_written_by_its_maker",
     a_file_made_without_write_permission_can_be_written_by_its_maker},
    {"directories_count_the_directories_in_them", directories_count_the_directories_in_them},
    {"hard_links_share_one_file", hard_links_share_one_file},
    {"linking_refuses_what_it_cannot_do", linking_refuses_what_it_cannot_do},
    {"a_symlink_can_be_hard_linked_itself", a_symlink_can_be_hard_linked_itself},
    {"a_symlink_leads_to_its_target", a_symlink_leads_to_its_target},
    {"a_symlink_to_a_directory_is_walked_through", a_symlink_to_a_directory_is_walked_through},
    {"a_dangling_symlink_is_created_through", a_dangling_symlink_is_created_through},
    {"removing_a_symlink_leaves_its_target", removing_a_symlink_leaves_its_target},
    {"a_long_symlink_target_is_kept_whole", a_long_symlink_target_is_kept_whole},
    {"the_longest_name_works_and_a_longer_one_does_not",
     the_longest_name_works_and_a_longer_one_does_not},
    {"names_are_bytes", names_are_bytes},
    {"names_differ_by_case", names_differ_by_case},
    {"special_files_keep_their_type_and_number", special_files_keep_their_type_and_number},
    {"deep_paths_work", deep_paths_work},
};

}  // namespace

std::span<const Behaviour> name_behaviours() { return kBehaviours; }

}  // namespace conformance
