// SPDX-License-Identifier: MIT
// How many requests reach the daemon: the counts that make a mount fast. They are exact.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "support.h"

namespace sluice::mirror::test {
namespace {

using wire::Opcode;

class Requests : public ::testing::Test {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
    lower_ = scratch_.folder("lower");
    mount_ = scratch_.folder("mount");
  }
  void serve(const Options& options = {}) {
    served_ = std::make_unique<Served>(lower_, mount_, options);
    ASSERT_EQ(served_->failure(), "");
    if (!served_->mirror().features().find("passthrough")->on) {
      GTEST_SKIP() << "this kernel has no passthrough";
    }
  }

  Scratch scratch_;
  std::string lower_, mount_;
  std::unique_ptr<Served> served_;
};

TEST_F(Requests, none_while_an_open_file_is_read_written_and_extended) {
  write_file(lower_ + "/a", std::string(1 << 20, 'a'));
  ASSERT_NO_FATAL_FAILURE(serve());
  Fd fd{::open((mount_ + "/a").c_str(), O_RDWR)};
  ASSERT_TRUE(fd);
  std::vector<char> block(4096, 'b');
  // The first write after attributes were stored asks once whether there are capabilities to drop.
  ASSERT_EQ(::pwrite(fd.get(), block.data(), block.size(), 0), 4096);
  const auto before = served_->all_requests();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(::pread(fd.get(), block.data(), block.size(), i * 512), 4096);
    ASSERT_EQ(::pwrite(fd.get(), block.data(), block.size(), i * 4096), 4096);
  }
  EXPECT_EQ(served_->all_requests() - before, 0u);
  struct stat lower {};
  ASSERT_EQ(::stat((lower_ + "/a").c_str(), &lower), 0);
  EXPECT_EQ(lower.st_size, 1000 * 4096);
}

TEST_F(Requests, none_while_a_file_is_mapped_and_synchronised) {
  write_file(lower_ + "/a", std::string(1 << 20, 'a'));
  ASSERT_NO_FATAL_FAILURE(serve());
  Fd fd{::open((mount_ + "/a").c_str(), O_RDWR)};
  ASSERT_TRUE(fd);
  const auto before = served_->all_requests();
  void* at = ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  ASSERT_NE(at, MAP_FAILED);
  std::memset(at, 'z', 1 << 20);
  EXPECT_EQ(::msync(at, 1 << 20, MS_SYNC), 0);
  EXPECT_EQ(served_->all_requests() - before, 0u);
  EXPECT_EQ(read_file(lower_ + "/a"), std::string(1 << 20, 'z'));
  ::munmap(at, 1 << 20);
}

TEST_F(Requests, a_known_file_costs_open_and_release_and_nothing_else) {
  write_file(lower_ + "/a", "text");
  Options options;
  options.entry_timeout = options.attr_timeout = std::chrono::hours{1};
  ASSERT_NO_FATAL_FAILURE(serve(options));
  struct stat known {};
  ASSERT_EQ(::stat((mount_ + "/a").c_str(), &known), 0);
  const auto before = served_->all_requests();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(read_file(mount_ + "/a"), "text");
  EXPECT_EQ(served_->all_requests() - before, 200u);
  EXPECT_EQ(served_->count(Opcode::open), 100u);
  EXPECT_EQ(served_->count(Opcode::release), 100u);
}

TEST_F(Requests, shared_locks_add_a_flush_to_each_close) {
  write_file(lower_ + "/a", "text");
  Options options;
  options.entry_timeout = options.attr_timeout = std::chrono::hours{1};
  options.locks = Locks::shared;
  ASSERT_NO_FATAL_FAILURE(serve(options));
  struct stat known {};
  ASSERT_EQ(::stat((mount_ + "/a").c_str(), &known), 0);
  const auto before = served_->all_requests();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(read_file(mount_ + "/a"), "text");
  EXPECT_EQ(served_->all_requests() - before, 300u);
  EXPECT_EQ(served_->count(Opcode::flush), 100u);
}

TEST_F(Requests, a_second_long_listing_looks_nothing_up) {
  for (int d = 0; d < 5; ++d) {
    const std::string folder = "lower/d" + std::to_string(d);
    scratch_.folder(folder);
    for (int f = 0; f < 40; ++f) write_file(scratch_.path(folder + "/f" + std::to_string(f)), "x");
  }
  Options options;
  options.entry_timeout = options.attr_timeout = std::chrono::hours{1};
  ASSERT_NO_FATAL_FAILURE(serve(options));
  ASSERT_EQ(shell("ls -lR " + mount_ + " | wc -l"), 0);
  const auto lookups = served_->count(Opcode::lookup);
  const auto attributes = served_->count(Opcode::getattr);
  std::string listed;
  ASSERT_EQ(shell("ls -lR " + mount_, &listed), 0);
  EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), 5 * 40 + 5 + 5 * 3 + 2);
  EXPECT_EQ(served_->count(Opcode::lookup), lookups);
  // One is the kernel's own: the first listing has made the access time of the folder named on the
  // command line stale, and ls asks for all of that one. source: linux fs/fuse/readdir.c
  EXPECT_LE(served_->count(Opcode::getattr), attributes + 1);
}

TEST_F(Requests, create_open_and_tmpfile_all_pass_through) {
  write_file(lower_ + "/a", "text");
  ASSERT_NO_FATAL_FAILURE(serve());
  { Fd made{::open((mount_ + "/made").c_str(), O_RDWR | O_CREAT | O_EXCL, 0644)}; ASSERT_TRUE(made); }
  { Fd old{::open((mount_ + "/a").c_str(), O_RDONLY)}; ASSERT_TRUE(old); }
  { Fd nameless{::open(mount_.c_str(), O_TMPFILE | O_RDWR, 0600)}; ASSERT_TRUE(nameless); }
  const auto stats = served_->mirror().stats();
  EXPECT_EQ(stats.passed_through, 3u);
  EXPECT_EQ(stats.served, 0u);
}

TEST_F(Requests, what_is_open_for_reading_holds_no_descriptor) {
  for (int i = 0; i < 200; ++i) write_file(lower_ + "/f" + std::to_string(i), "x");
  ASSERT_NO_FATAL_FAILURE(serve());
  std::vector<Fd> open;
  const auto descriptors = [] {
    std::string said;
    shell("ls /proc/" + std::to_string(::getpid()) + "/fd | wc -l", &said);
    return std::stoi(said);
  };
  const int before = descriptors();
  for (int i = 0; i < 200; ++i) {
    open.emplace_back(::open((mount_ + "/f" + std::to_string(i)).c_str(), O_RDONLY));
    ASSERT_TRUE(open.back());
  }
  // The test's own 200; the mirror, in the same process, adds next to nothing.
  EXPECT_LT(descriptors() - before, 200 + 10);
}

}  // namespace
}  // namespace sluice::mirror::test
