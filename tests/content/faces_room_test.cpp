// SPDX-License-Identifier: MIT
// Where faces are when there is little room: in memory, in a folder of ours, or nowhere.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "faces_support.h"

namespace sluice::content {
namespace {

using policy::With;

TEST_F(FacesTest, that_memory_has_no_room_for_are_in_files_that_nobody_else_can_find) {
  const std::string spill = folder.path("spill");
  Faces faces{{.memory = 1000, .spill = 1 * kMiB, .spill_folder = spill}};
  const std::string text = text_of_size(100'000);
  write(text);
  {
    const auto face = make(faces, {{4, 6}});
    ASSERT_TRUE(face);
    ASSERT_NE((*face)->file(), nullptr);
    const int fd = (*face)->file()->get();
    EXPECT_TRUE(read_fd(fd) == hidden(text, {{4, 6}}));
    EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1);
    EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    EXPECT_TRUE(std::filesystem::is_empty(spill)) << "it has no name";
    struct stat stat {};
    ASSERT_EQ(::fstat(fd, &stat), 0);
    EXPECT_EQ(stat.st_nlink, 0u);
    EXPECT_EQ(stat.st_mode & 0377, 0u) << "nobody may write to it, nor others read it";
    ASSERT_EQ(::stat(spill.c_str(), &stat), 0);
    EXPECT_EQ(stat.st_mode & 0777, 0700u);
    EXPECT_EQ(faces.stats().spilled, 100'000u);
    EXPECT_EQ(faces.stats().memory, 0u);
  }
}

TEST_F(FacesTest, that_nobody_has_stay_where_their_room_would_not_be_enough) {
  Faces faces{{.memory = kMiB, .spill = 0}};
  write("key=secret\n");
  ASSERT_TRUE(make(faces, {{4, 6}}));
  const Version small = version;
  write(text_of_size(2 * kMiB));
  const auto large = make(faces, {{4, 6}});
  ASSERT_TRUE(large);
  EXPECT_EQ((*large)->file(), nullptr);
  EXPECT_NE(faces.find(small, content(0), With::nothing), nullptr);
}

TEST_F(FacesTest, that_nobody_has_make_room_in_memory_before_others_are_spilled) {
  Faces faces{{.memory = 3 * kMiB, .spill = 64 * kMiB, .spill_folder = folder.path("spill")}};
  for (const char* end : {"1", "2", "3"}) {
    write(text_of_size(2 * kMiB) + end);
    ASSERT_TRUE(make(faces, {{4, 6}}));
    EXPECT_EQ(faces.stats().spilled, 0u);
  }
  EXPECT_EQ(faces.stats().faces, 1u);
}

TEST_F(FacesTest, that_a_disk_has_no_room_for_are_made_as_they_are_read) {
  Folder disk;
  if (const auto why = disk.mount("tmpfs", "none", "spill", "size=1m"); !why.empty()) {
    GTEST_SKIP() << why;
  }
  Faces faces{{.memory = 1000, .spill = 64 * kMiB, .spill_folder = disk.path("spill")}};
  const std::string text = text_of_size(4 * kMiB);
  write(text);
  const auto large = make(faces, {{4, 6}});
  ASSERT_TRUE(large);
  EXPECT_EQ((*large)->file(), nullptr);
  EXPECT_TRUE(all_of(**large) == hidden(text, {{4, 6}}));
  EXPECT_EQ(faces.stats().spilled, 0u);
  EXPECT_FALSE(faces.snapshot(file.get(), version)) << "the bytes could not be held still";
  // Each has room if the ones before, which nobody has, make some.
  for (const char* end : {"1", "2", "3"}) {
    write(text_of_size(700'000) + end);
    const auto face = make(faces, {{4, 6}});
    ASSERT_TRUE(face);
    ASSERT_NE((*face)->file(), nullptr);
    EXPECT_EQ(faces.stats().spilled, 700'001u);
  }
}

TEST_F(FacesTest, use_no_folder_that_others_can_look_into) {
  const std::string spill = folder.path("spill");
  ASSERT_EQ(::mkdir(spill.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(spill.c_str(), 0755), 0);
  Faces faces{{.memory = 0, .spill = kMiB, .spill_folder = spill}};
  write("key=secret\n");
  const auto face = make(faces, {{4, 6}});
  ASSERT_TRUE(face);
  EXPECT_EQ((*face)->file(), nullptr);
  EXPECT_EQ(all_of(**face), "key=******\n");
}

TEST_F(FacesTest, without_room_anywhere_are_made_as_they_are_read) {
  Faces faces{{.memory = 0, .spill = 0}};
  const std::string text = text_of_size(300'000);
  write(text);
  const auto face = make(faces, {{100, 50}, {299'999, 1}});
  ASSERT_TRUE(face);
  EXPECT_EQ((*face)->file(), nullptr);
  EXPECT_EQ((*face)->size(), text.size());
  EXPECT_TRUE(all_of(**face) == hidden(text, {{100, 50}, {299'999, 1}}));
  EXPECT_EQ(faces.stats().memory, 0u);
  EXPECT_EQ(faces.stats().ranges, 1u);
}

}  // namespace
}  // namespace sluice::content
