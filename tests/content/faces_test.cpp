// SPDX-License-Identifier: MIT
// Faces: the right bytes, which nobody can change; shared, counted, and gone when nobody has them.
#include "sluice/content/faces.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <thread>

#include "faces_support.h"

namespace sluice::content {
namespace {

using policy::With;

TEST_F(FacesTest, show_the_file_with_what_is_hidden_replaced) {
  Faces faces{{}};
  write("key=secret\n");
  const auto face = make(faces, {{4, 6}});
  ASSERT_TRUE(face);
  EXPECT_EQ((*face)->size(), 11u);
  EXPECT_EQ(all_of(**face), "key=******\n");
  ASSERT_NE((*face)->file(), nullptr);
  EXPECT_EQ(read_fd((*face)->file()->get()), "key=******\n");
  struct stat stat {};
  ASSERT_EQ(::fstat((*face)->file()->get(), &stat), 0);
  EXPECT_EQ(stat.st_size, 11);
}

TEST_F(FacesTest, are_right_at_the_borders_of_all_pieces_they_may_be_made_of) {
  Faces faces{{}};
  const std::string text = text_of_size(3 * kMiB + 17);
  write(text);
  const std::initializer_list<inspect::Range> ranges = {
      {0, 1}, {kMiB - 3, 6}, {2 * kMiB, 1}, {3 * kMiB - 1, 1}, {text.size() - 1, 1}};
  const auto face = make(faces, ranges);
  ASSERT_TRUE(face);
  EXPECT_TRUE(all_of(**face) == hidden(text, ranges));
  EXPECT_TRUE(read_fd((*face)->file()->get()) == hidden(text, ranges));
}

TEST_F(FacesTest, are_empty_for_empty_files) {
  Faces faces{{}};
  write("");
  const auto face = make(faces, {});
  ASSERT_TRUE(face);
  EXPECT_EQ((*face)->size(), 0u);
  EXPECT_EQ(all_of(**face), "");
}

TEST_F(FacesTest, read_piece_by_piece_as_at_once) {
  Faces faces{{}};
  write("0123456789");
  const auto face = make(faces, {{2, 3}});
  ASSERT_TRUE(face);
  std::array<char, 4> piece{};
  const auto into = std::as_writable_bytes(std::span{piece});
  const auto first = (*face)->read(1, into);
  ASSERT_TRUE(first);
  EXPECT_EQ((std::string_view{piece.data(), *first}), "1***");
  const auto last = (*face)->read(8, into);
  ASSERT_TRUE(last);
  EXPECT_EQ((std::string_view{piece.data(), *last}), "89");
  EXPECT_EQ((*face)->read(10, into), std::size_t{0});
  EXPECT_EQ((*face)->read(~std::uint64_t{0}, into), std::size_t{0});
}

TEST_F(FacesTest, cannot_be_changed_by_whoever_has_the_file) {
  Faces faces{{}};
  write("key=secret\n");
  const auto face = make(faces, {{4, 6}});
  ASSERT_TRUE(face);
  const int fd = (*face)->file()->get();
  EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(fd, 0), -1);
  EXPECT_EQ(::fallocate(fd, 0, 0, 4096), -1);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  // Whoever opens it once more for writing gets no further.
  const std::string again = "/proc/self/fd/" + std::to_string(fd);
  const Fd writable{::open(again.c_str(), O_RDWR | O_CLOEXEC)};
  if (writable) {
    EXPECT_EQ(::pwrite(writable.get(), "x", 1, 0), -1);
    EXPECT_EQ(::ftruncate(writable.get(), 0), -1);
    EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writable.get(), 0),
              MAP_FAILED);
  }
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  int flags = 0;
  ::ioctl(fd, FS_IOC_GETFLAGS, &flags);
  EXPECT_TRUE((::fcntl(fd, F_GET_SEALS) & kSeals) == kSeals || (flags & FS_IMMUTABLE_FL) != 0);
  EXPECT_EQ(all_of(**face), "key=******\n");
}

TEST_F(FacesTest, are_shared_for_the_same_version_and_contents_alone) {
  Faces faces{{}};
  write("key=secret\n");
  const auto first = make(faces, {{4, 6}});
  const auto second = make(faces, {{4, 6}});
  const auto other = make(faces, {{0, 3}}, 1);
  ASSERT_TRUE(first && second && other);
  EXPECT_EQ(first->get(), second->get());
  EXPECT_NE(first->get(), other->get());
  EXPECT_EQ(faces.find(version, content(0), With::nothing), *first);
  EXPECT_EQ(faces.find(version, content(0), With::all), nullptr);
  EXPECT_EQ(faces.find(version, content(2), With::nothing), nullptr);
  EXPECT_EQ(faces.find(Version{}, content(0), With::nothing), nullptr);
  EXPECT_EQ(faces.stats().made, 2u);
}

// Of what is redacted by its path, another name of the same file has another face.
TEST_F(FacesTest, are_told_apart_by_path_where_one_is_given) {
  Faces faces{{}};
  write("key=secret\n");
  const auto redacted = [&](std::string_view name, inspect::Range range) {
    return faces.redacted(file.get(), version, content(0), With::values,
                          hide(version.size(), {range}), name);
  };
  const auto first = redacted("a.env", {4, 6});
  const auto second = redacted("a.txt", {0, 3});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(all_of(**first), "key=******\n");
  EXPECT_EQ(all_of(**second), "***=secret\n");
  EXPECT_EQ(faces.find(version, content(0), With::values, "a.env"), *first);
  EXPECT_EQ(faces.find(version, content(0), With::values, "a.txt"), *second);
  EXPECT_EQ(faces.find(version, content(0), With::values), nullptr);
}

TEST_F(FacesTest, are_made_once_however_many_want_them_at_the_same_time) {
  Faces faces{{}};
  write(text_of_size(8 * kMiB));
  std::atomic<int> ready{0};
  std::array<std::shared_ptr<const Face>, 8> got;
  std::vector<std::thread> threads;
  for (auto& mine : got) {
    threads.emplace_back([&] {
      ++ready;
      while (ready < 8) std::this_thread::yield();
      mine = make(faces, {{4, 6}}).value_or(nullptr);
    });
  }
  for (auto& each : threads) each.join();
  ASSERT_NE(got[0], nullptr);
  for (const auto& each : got) EXPECT_EQ(each, got[0]);
  EXPECT_EQ(faces.stats().made, 1u);
  EXPECT_EQ(faces.stats().memory, 8 * kMiB);
}

TEST_F(FacesTest, that_nobody_has_take_up_nothing_that_another_needs) {
  Faces faces{{.memory = 3 * kMiB}};
  for (int i = 0; i < 20; ++i) {
    write(text_of_size(2 * kMiB) + std::to_string(i % 10));
    const auto face = make(faces, {{4, 6}});
    ASSERT_TRUE(face);
    ASSERT_NE((*face)->file(), nullptr) << "there was room, for the ones before are not in use";
    EXPECT_LE(faces.stats().memory, 3 * kMiB);
  }
}

TEST_F(FacesTest, that_nobody_has_stay_for_the_next_one_to_ask) {
  Faces faces{{.idle = 2}};
  write("key=secret\n");
  for (const unsigned number : {0u, 1u, 0u, 2u, 0u, 2u}) {
    ASSERT_TRUE(make(faces, {{4, 6}}, number));
  }
  EXPECT_EQ(faces.stats().made, 3u);
  EXPECT_EQ(faces.stats().faces, 2u);
  EXPECT_EQ(faces.stats().memory, 2u * 11u);
  EXPECT_EQ(faces.find(version, content(1), With::nothing), nullptr) << "the least used";
  EXPECT_NE(faces.find(version, content(2), With::nothing), nullptr);
}

TEST_F(FacesTest, are_gone_with_the_last_one_who_has_them_if_none_are_to_stay) {
  Faces faces{{.idle = 0}};
  write("key=secret\n");
  auto face = make(faces, {{4, 6}});
  ASSERT_TRUE(face);
  auto second = *face;
  face->reset();
  EXPECT_EQ(faces.stats().memory, 11u);
  EXPECT_NE(faces.find(version, content(0), With::nothing), nullptr);
  second.reset();
  EXPECT_EQ(faces.stats().memory, 0u);
  EXPECT_EQ(faces.stats().faces, 0u);
  EXPECT_EQ(faces.find(version, content(0), With::nothing), nullptr);
}

TEST_F(FacesTest, outlive_the_one_who_made_them) {
  auto faces = std::make_unique<Faces>(FacesLimits{});
  write("key=secret\n");
  auto face = make(*faces, {{4, 6}});
  ASSERT_TRUE(face);
  faces.reset();
  EXPECT_EQ(all_of(**face), "key=******\n");
}

TEST_F(FacesTest, made_as_they_are_read_show_nothing_of_another_version) {
  Faces faces{{.memory = 0, .spill = 0}};
  write_settled(path, "key=secret\n");
  file = open_to_read(path);
  version = *Version::of(file.get());
  const auto face = make(faces, {{4, 6}});
  ASSERT_TRUE(face);
  const Fd writer{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  ASSERT_EQ(::pwrite(writer.get(), "secret=key\n", 11, 0), 11);
  std::array<std::byte, 11> piece{};
  const auto got = (*face)->read(0, piece);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), Errno{EIO});
  ASSERT_EQ(::ftruncate(writer.get(), 2), 0);
  EXPECT_FALSE((*face)->read(0, piece));
}

TEST_F(FacesTest, are_not_made_of_another_version_than_was_inspected) {
  Faces faces{{}};
  write_settled(path, "key=secret\n");
  file = open_to_read(path);
  version = *Version::of(file.get());
  for (const char* text : {"secret=key\n", "short", "key=secret and more\n"}) {
    write_text(path, text);
    const auto face = make(faces, {{4, 6}});
    ASSERT_FALSE(face) << text;
    EXPECT_EQ(face.error(), Errno{ESTALE}) << text;
  }
  EXPECT_EQ(faces.stats().memory, 0u);
  EXPECT_EQ(faces.find(version, content(0), With::nothing), nullptr);
}

TEST_F(FacesTest, made_while_somebody_writes_are_of_one_version_or_not_made) {
  Faces faces{{}};
  write(text_of_size(4 * kMiB));
  std::atomic<bool> stop{false};
  std::thread writer{[&] {
    const Fd fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    for (char c = 'A'; !stop; c = c == 'Z' ? 'A' : static_cast<char>(c + 1)) {
      const std::string all(4 * kMiB, c);
      static_cast<void>(::pwrite(fd.get(), all.data(), all.size(), 0));
    }
  }};
  for (int i = 0; i < 40; ++i) {
    const auto before = Version::of(file.get());
    ASSERT_TRUE(before);
    version = *before;
    const auto face = make(faces, {{4, 6}});
    if (!face) {
      EXPECT_EQ(face.error(), Errno{ESTALE});
    } else {
      EXPECT_EQ((*face)->size(), 4 * kMiB);
      EXPECT_EQ(all_of(**face).substr(4, 6), "******");
    }
  }
  stop = true;
  writer.join();
}

TEST_F(FacesTest, as_snapshots_are_the_bytes_as_they_were) {
  Faces faces{{}};
  write("before");
  auto copy = faces.snapshot(file.get(), version);
  ASSERT_TRUE(copy);
  EXPECT_EQ(*faces.snapshot(file.get(), version), *copy);
  write_text(path, "after!");
  EXPECT_EQ(all_of(**copy), "before");
  const int fd = (*copy)->file()->get();
  EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1);
  copy->reset();
  EXPECT_EQ(faces.stats().memory, 0u) << "a copy of what is hidden from others is not left about";
}

// Stores into a mapping show in no time of the file until its pages are written back, so that it
// seems to be the same version.
TEST_F(FacesTest, as_snapshots_are_not_older_than_the_asking_where_somebody_writes_by_a_mapping) {
  for (const char* base : {"/tmp", "/dev/shm"}) {
    const Folder other{base};
    write_text(other.path("a"), "0 and so on");
    const Fd writer{::open(other.path("a").c_str(), O_RDWR | O_CLOEXEC)};
    void* map = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
    ASSERT_NE(map, MAP_FAILED);
    auto* text = static_cast<volatile char*>(map);
    text[0] = '1';
    const auto now = Version::of(writer.get());
    ASSERT_TRUE(now);
    Faces faces{{}};
    const auto first = faces.snapshot(writer.get(), *now);
    text[0] = '2';
    const auto second = faces.snapshot(writer.get(), *now);
    const auto third = faces.snapshot(writer.get(), *now);
    ::munmap(map, 4096);
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(all_of(**first), "1 and so on") << base;
    EXPECT_EQ(all_of(**second), "2 and so on") << base;
    EXPECT_EQ(second->get(), third->get()) << "nothing was written between the two";
    EXPECT_EQ(faces.stats().memory, 2u * 11u);
  }
}

TEST_F(FacesTest, as_snapshots_need_room) {
  Faces faces{{.memory = 3, .spill = 0}};
  write("before");
  const auto copy = faces.snapshot(file.get(), version);
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error(), Errno{EFBIG});
  EXPECT_EQ(faces.stats().memory, 0u);
}

// What is copied is patched before it is anywhere but in the memory of this process.
TEST_F(FacesTest, never_hold_what_is_hidden_not_even_while_they_are_made) {
  Faces faces{{}};
  const std::string secret = "SECRETSECRETSECRET";
  write(std::string(16 * kMiB, '.') + secret);
  std::atomic<bool> stop{false};
  std::atomic<int> seen{0};
  std::atomic<int> looked{0};
  std::thread watcher{[&] {
    while (!stop) {
      std::error_code ignored;
      for (const auto& each : std::filesystem::directory_iterator{"/proc/self/fd", ignored}) {
        std::array<char, 256> target{};
        if (::readlink(each.path().c_str(), target.data(), target.size() - 1) <= 0) continue;
        if (std::strstr(target.data(), "(deleted)") == nullptr) continue;  // they have no names
        const Fd fd{::open(each.path().c_str(), O_RDONLY | O_CLOEXEC)};
        std::array<char, 64> piece{};
        const ssize_t got = ::pread(fd.get(), piece.data(), piece.size(), 16 * kMiB);
        ++looked;
        if (got > 0 && std::strstr(piece.data(), "SECRET") != nullptr) ++seen;
      }
    }
  }};
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(make(faces, {{16 * kMiB, secret.size()}}, static_cast<unsigned>(i % 50)));
  }
  stop = true;
  watcher.join();
  EXPECT_EQ(seen, 0);
  EXPECT_GT(looked, 0);
}

}  // namespace
}  // namespace sluice::content
