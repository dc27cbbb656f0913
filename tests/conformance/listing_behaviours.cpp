// SPDX-License-Identifier: MIT
// Listings.
#include <dirent.h>
#include <unistd.h>

#include <map>
#include <set>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

using Names = std::multiset<std::string>;

// Everything from the directory's present position on.
Result<Names> rest_of(World& world, int directory) {
  Names names;
  for (;;) {
    const auto entries = TRY(world.getdents(directory));
    if (entries.empty()) return names;
    for (const auto& entry : entries) names.insert(entry.name);
  }
}

Result<Names> list(World& world, const std::string& path) {
  const int directory = TRY(world.open(path, O_RDONLY | O_DIRECTORY));
  Names names = TRY(rest_of(world, directory));
  TRY(world.close(directory));
  return names;
}

std::string numbered(int i) { return "entry-number-" + std::to_string(i); }

void fill(World& world, const std::string& directory, int count) {
  EXPECT_DONE(world.mkdir(directory, 0755));
  for (int i = 0; i < count; ++i) {
    auto made = world.mknod(directory + "/" + numbered(i), S_IFREG | 0644, 0);
    ASSERT_TRUE(made) << failure_of(made);
  }
}

void an_empty_directory_lists_the_two_dots(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_EQ(MUST(list(world, "d")), (Names{".", ".."}));
}

void entries_have_their_type_and_number(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  make(world, "d/file");
  EXPECT_DONE(world.mkdir("d/dir", 0755));
  EXPECT_DONE(world.symlink("x", "d/link"));
  EXPECT_DONE(world.mknod("d/pipe", S_IFIFO | 0600, 0));
  const int directory = MUST(world.open("d", O_RDONLY | O_DIRECTORY));
  std::map<std::string, testkit::NamedEntry> entries;
  for (;;) {
    const auto some = MUST(world.getdents(directory));
    if (some.empty()) break;
    for (const auto& entry : some) entries[entry.name] = entry;
  }
  EXPECT_DONE(world.close(directory));
  EXPECT_EQ(entries["file"].type, unsigned{DT_REG});
  EXPECT_EQ(entries["dir"].type, unsigned{DT_DIR});
  EXPECT_EQ(entries["link"].type, unsigned{DT_LNK});
  EXPECT_EQ(entries["pipe"].type, unsigned{DT_FIFO});
  for (const char* name : {"file", "dir", "link", "pipe"}) {
    EXPECT_EQ(entries[name].ino, MUST(world.stat(std::string{"d/"} + name, Follow::no)).st_ino)
        << name;
  }
}

void a_large_directory_is_listed_whole(World& world) {
  constexpr int kCount = 3000;
  fill(world, "d", kCount);
  Names expected{".", ".."};
  for (int i = 0; i < kCount; ++i) expected.insert(numbered(i));
  EXPECT_TRUE(MUST(list(world, "d")) == expected);
}

void entries_deleted_while_listing_disturb_no_others(World& world) {
  constexpr int kCount = 3000;
  fill(world, "d", kCount);
  const int directory = MUST(world.open("d", O_RDONLY | O_DIRECTORY));
  std::map<std::string, int> seen;
  for (;;) {
    const auto entries = MUST(world.getdents(directory));
    if (entries.empty()) break;
    for (const auto& entry : entries) {
      ++seen[entry.name];
      if (entry.name == "." || entry.name == "..") continue;
      EXPECT_DONE(world.unlink("d/" + entry.name));
    }
  }
  EXPECT_DONE(world.close(directory));
  for (const auto& [name, times] : seen) EXPECT_EQ(times, 1) << name;
  EXPECT_EQ(seen.size(), kCount + 2U);
  EXPECT_DONE(world.rmdir("d"));
}

void a_listing_starts_anew_after_a_rewind(World& world) {
  fill(world, "d", 10);
  const int directory = MUST(world.open("d", O_RDONLY | O_DIRECTORY));
  const Names first = MUST(rest_of(world, directory));
  EXPECT_EQ(first.size(), 12U);
  EXPECT_TRUE(MUST(world.getdents(directory)).empty());
  make(world, "d/added");
  EXPECT_DONE(world.unlink("d/" + numbered(3)));
  EXPECT_EQ(MUST(world.lseek(directory, 0, SEEK_SET)), 0);
  const Names second = MUST(rest_of(world, directory));
  EXPECT_EQ(second.count("added"), 1U);
  EXPECT_EQ(second.count(numbered(3)), 0U);
  EXPECT_EQ(second.size(), 12U);
  EXPECT_DONE(world.close(directory));
}

void a_listing_shows_what_was_renamed_by_its_new_name(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  make(world, "d/a");
  EXPECT_DONE(world.rename("d/a", "d/b"));
  EXPECT_EQ(MUST(list(world, "d")), (Names{".", "..", "b"}));
}

void a_removed_directory_lists_nothing(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  const int directory = MUST(world.open("d", O_RDONLY | O_DIRECTORY));
  EXPECT_DONE(world.rmdir("d"));
  EXPECT_EQ(MUST(world.fstat(directory)).st_nlink, 0U);
  const auto listed = world.getdents(directory);
  // Linux says so by ENOENT; some file systems list the two dots.
  if (!listed) {
    EXPECT_FAILS(listed, ENOENT);
  } else {
    EXPECT_LE(listed->size(), 2U);
  }
  EXPECT_DONE(world.close(directory));
}

void only_directories_are_listed(World& world) {
  make(world, "a");
  const int file = MUST(world.open("a", O_RDONLY));
  EXPECT_FAILS(world.getdents(file), ENOTDIR);
  EXPECT_DONE(world.close(file));
}

constexpr Behaviour kBehaviours[] = {
    {"an_empty_directory_lists_the_two_dots", an_empty_directory_lists_the_two_dots},
    {"entries_have_their_type_and_number", entries_have_their_type_and_number},
    {"a_large_directory_is_listed_whole", a_large_directory_is_listed_whole},
    {"entries_deleted_while_listing_disturb_no_others",
     entries_deleted_while_listing_disturb_no_others},
    {"a_listing_starts_anew_after_a_rewind", a_listing_starts_anew_after_a_rewind},
    {"a_listing_shows_what_was_renamed_by_its_new_name",
     a_listing_shows_what_was_renamed_by_its_new_name},
    {"a_removed_directory_lists_nothing", a_removed_directory_lists_nothing},
    {"only_directories_are_listed", only_directories_are_listed},
};

}  // namespace

std::span<const Behaviour> listing_behaviours() { return kBehaviours; }

}  // namespace conformance
