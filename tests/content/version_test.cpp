// SPDX-License-Identifier: MIT
// Versions of files: what changes them, what does not, and when one can be relied on. And leases.
#include "sluice/content/version.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "disk.h"
#include "sluice/content/lease_watch.h"

namespace sluice::content {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::system_clock;

Version version_of(const std::string& path) {
  const Fd file{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  const auto version = Version::of(file.get());
  EXPECT_TRUE(version) << path;
  return version.value_or(Version{});
}

TEST(Version, is_the_same_by_every_descriptor_and_every_name) {
  const Folder folder;
  write_text(folder.path("a"), "text");
  ASSERT_EQ(::link(folder.path("a").c_str(), folder.path("b").c_str()), 0);
  const Version named = version_of(folder.path("a"));
  const Fd read = open_to_read(folder.path("b"));
  const auto open = Version::of(read.get());
  ASSERT_TRUE(open);
  EXPECT_EQ(*open, named);
  EXPECT_EQ(open->key(), named.key());
  EXPECT_EQ(open->hash(), named.hash());
  EXPECT_EQ(open->size(), 4u);
}

TEST(Version, changes_with_every_change_even_where_size_and_time_are_put_back) {
  const Folder folder;
  const std::string file = folder.path("a");
  write_settled(file, "text");
  const Version before = version_of(file);
  struct stat stat {};
  ASSERT_EQ(::stat(file.c_str(), &stat), 0);
  write_text(file, "TEXT");
  const timespec times[2] = {stat.st_atim, stat.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  EXPECT_NE(version_of(file), before);
  EXPECT_NE(version_of(file).key(), before.key());
}

TEST(Version, of_another_file_under_the_same_name_is_another) {
  const Folder folder;
  write_text(folder.path("a"), "text");
  const Version before = version_of(folder.path("a"));
  write_text(folder.path("b"), "text");
  ASSERT_EQ(::rename(folder.path("b").c_str(), folder.path("a").c_str()), 0);
  EXPECT_NE(version_of(folder.path("a")), before);
}

TEST(Version, has_a_key_that_another_process_gives_as_well) {
  const Folder folder;
  write_text(folder.path("a"), "text");
  const auto key = version_of(folder.path("a")).key();
  Process other{[&] { return version_of(folder.path("a")).key() == key ? 0 : 1; }};
  EXPECT_EQ(other.join(), 0);
}

TEST(Version, is_of_regular_files_only) {
  const Folder folder;
  const Fd directory{::open(folder.path().c_str(), O_PATH | O_CLOEXEC)};
  const auto version = Version::of(directory.get());
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error(), Errno{EINVAL});
  EXPECT_FALSE(Version::of(-1));
}

TEST(Version, is_settled_only_once_a_further_change_would_show) {
  const Folder folder;
  write_text(folder.path("a"), "text");
  const Version fresh = version_of(folder.path("a"));
  const auto now = Clock::now();
  EXPECT_FALSE(fresh.settled(now - 1h)) << "a clock that was set back tells nothing";
  EXPECT_TRUE(fresh.settled(now + 1h));
  EXPECT_FALSE(Version{}.persistent());
}

// Inodes of 128 bytes have no room for less than seconds: two changes within one give one version.
TEST(Version, with_times_in_seconds_is_not_settled_before_the_second_is_over) {
  Folder folder;
  if (const auto why = folder.mount_ext4("-I 128", "disk"); !why.empty()) GTEST_SKIP() << why;
  const std::string file = folder.path("disk/a");
  bool same = false;
  for (int i = 0; i < 20 && !same; ++i) {
    write_text(file, "aaaa");
    const Version before = version_of(file);
    std::this_thread::sleep_for(200ms);
    const auto relied_on = Clock::now();
    const bool settled = before.settled(relied_on);
    write_text(file, "bbbb");
    same = version_of(file) == before;
    EXPECT_FALSE(same && settled) << "the second change would not be seen";
  }
  EXPECT_TRUE(same) << "this file system's times are finer than seconds";
  EXPECT_TRUE(version_of(file).settled(Clock::now() + 10s));
}

std::string where_leases_are(const std::string& base) {
  const Folder folder{base};
  write_text(folder.path("a"), "text");
  const Fd file = open_to_read(folder.path("a"));
  return Lease::take(file.get()) ? "" : "no leases in " + base;
}

class Leases : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto why = where_leases_are(GetParam()); !why.empty()) GTEST_SKIP() << why;
    write_text(path, "text");
    file = open_to_read(path);
  }
  const Folder folder{GetParam()};
  const std::string path = folder.path("a");
  Fd file;
};

TEST_P(Leases, are_held_while_others_only_read) {
  auto lease = Lease::take(file.get());
  ASSERT_TRUE(lease);
  Process reader{[&] { return read_text(path) == "text" ? 0 : 1; }};
  EXPECT_EQ(reader.join(), 0);
  EXPECT_TRUE(lease->held());
}

TEST_P(Leases, are_refused_while_the_file_is_open_for_writing) {
  Fd writer{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  const auto refused = Lease::take(file.get());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errno{EAGAIN});
  writer.reset();
  EXPECT_TRUE(Lease::take(file.get()));
}

TEST_P(Leases, are_refused_while_the_file_is_mapped_to_be_written) {
  Fd writer{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  void* map = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  writer.reset();
  const auto refused = Lease::take(file.get());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errno{EAGAIN});
  ::munmap(map, 4096);
  EXPECT_TRUE(Lease::take(file.get()));
}

// The one who opens is kept waiting by the kernel until the lease is given up; if nobody did that,
// he would wait for /proc/sys/fs/lease-break-time, and the lease would be taken away.
TEST_P(Leases, are_given_up_when_somebody_wants_to_write_and_the_process_lives_on) {
  LeaseWatch watch;
  auto lease = Lease::take(file.get());
  ASSERT_TRUE(lease);
  LeaseWatch::Held held{watch, std::move(*lease)};
  EXPECT_TRUE(held.still());
  std::atomic<bool> opened{false};
  std::thread writer{[&] {
    const Fd fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    opened = static_cast<bool>(fd);
  }};
  writer.join();
  EXPECT_TRUE(opened);
  EXPECT_FALSE(held.still());
  EXPECT_FALSE(held.still()) << "it does not come back";
}

// Whoever opens without waiting is told to come again, and can a moment later.
TEST_P(Leases, are_given_up_for_somebody_who_does_not_wait) {
  LeaseWatch watch;
  auto lease = Lease::take(file.get());
  ASSERT_TRUE(lease);
  LeaseWatch::Held held{watch, std::move(*lease)};
  bool refused_otherwise = false;
  EXPECT_TRUE(comes_true([&] {
    const Fd writer{::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
    refused_otherwise = refused_otherwise || (!writer && errno != EWOULDBLOCK);
    return static_cast<bool>(writer);
  }));
  EXPECT_FALSE(refused_otherwise);
  EXPECT_FALSE(held.still());
}

TEST_P(Leases, of_many_are_looked_after_at_once) {
  LeaseWatch watch;
  std::vector<std::unique_ptr<LeaseWatch::Held>> all;
  for (int i = 0; i < 50; ++i) {
    const std::string each = folder.path(std::to_string(i));
    write_text(each, "text");
    const Fd fd = open_to_read(each);
    auto lease = Lease::take(fd.get());
    ASSERT_TRUE(lease);
    all.push_back(std::make_unique<LeaseWatch::Held>(watch, std::move(*lease)));
  }
  std::thread writer{[&] {
    for (int i = 0; i < 50; i += 2) write_text(folder.path(std::to_string(i)), "new");
  }};
  writer.join();
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i]->still(), i % 2 == 1) << i;
}

// An overlay has no part in mappings of its files, and so grants leases while there are some that
// are written to. A change has to show in the version then.
TEST(Lease, on_an_overlay_lets_no_store_into_a_mapping_go_unseen) {
  Folder folder;
  if (const auto why = folder.mount_ext4("", "disk"); !why.empty()) GTEST_SKIP() << why;
  for (const char* each : {"lower", "upper", "work"}) {
    ASSERT_EQ(::mkdir(folder.path(std::string{"disk/"} + each).c_str(), 0700), 0);
  }
  const std::string options = "lowerdir=" + folder.path("disk/lower") +
                              ",upperdir=" + folder.path("disk/upper") +
                              ",workdir=" + folder.path("disk/work");
  if (const auto why = folder.mount("overlay", "none", "overlay", options); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const std::string path = folder.path("overlay/a");
  write_text(path, "text");
  Fd writer{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  void* map = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  auto* text = static_cast<volatile char*>(map);
  text[0] = 'T';
  const Fd file = open_to_read(path);
  const auto refused = Lease::take(file.get());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errno{EAGAIN});
  writer.reset();
  wait_until_settled(file.get());
  const auto before = Version::of(file.get());
  ASSERT_TRUE(before);
  {
    const auto lease = Lease::take(file.get());
    text[1] = 'E';
    const auto after = Version::of(file.get());
    ASSERT_TRUE(after);
    EXPECT_TRUE(!lease || *after != *before) << "a store that nobody would see";
  }
  ::munmap(map, 4096);
}

INSTANTIATE_TEST_SUITE_P(Where, Leases, testing::Values("/tmp", "/dev/shm"),
                         [](const auto& where) { return where.index == 0 ? "tmp" : "shm"; });

}  // namespace
}  // namespace sluice::content
