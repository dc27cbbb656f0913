// SPDX-License-Identifier: MIT
// The lower tree as it is: mount points below it, numbers that stay apart, changes behind the
// mount's back, files without names, times after stores to a mapping.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <set>

#include "support.h"

namespace sluice::mirror::test {
namespace {

class Tree : public ::testing::Test {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
    lower_ = scratch_.folder("lower");
    mount_ = scratch_.folder("mount");
  }
  void serve(const Options& options = {}) {
    served_ = std::make_unique<Served>(lower_, mount_, options);
    ASSERT_EQ(served_->failure(), "");
  }
  static Options unremembered() {
    Options options;
    options.entry_timeout = options.attr_timeout = {};
    return options;
  }

  Scratch scratch_;
  std::string lower_, mount_;
  std::unique_ptr<Served> served_;
};

TEST_F(Tree, numbers_stay_apart_across_lower_file_systems_with_equal_ones) {
  for (const char* name : {"one", "two"}) {
    const std::string why = mount_image(scratch_.path(std::string{"image-"} + name),
                                        lower_ + "/" + name, "ext4", 16);
    if (!why.empty()) GTEST_SKIP() << why;
    for (int i = 0; i < 20; ++i) {
      write_file(lower_ + "/" + name + "/f" + std::to_string(i), std::string{name} + std::to_string(i));
    }
  }
  struct stat one {}, two {};
  ASSERT_EQ(::stat((lower_ + "/one/f0").c_str(), &one), 0);
  ASSERT_EQ(::stat((lower_ + "/two/f0").c_str(), &two), 0);
  ASSERT_EQ(one.st_ino, two.st_ino) << "the images should have equal numbers";
  ASSERT_NO_FATAL_FAILURE(serve());
  std::set<std::pair<dev_t, ino_t>> seen;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(mount_)) {
    struct stat stat {};
    ASSERT_EQ(::lstat(entry.path().c_str(), &stat), 0);
    seen.insert({stat.st_dev, stat.st_ino});
    ++files;
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(files));
  // A tar made of the mount takes no two files for links of each other.
  const std::string out = scratch_.folder("out");
  ASSERT_EQ(shell("tar -C " + mount_ + " -cf - . | tar -C " + out + " -xf -"), 0);
  std::string difference;
  EXPECT_EQ(shell("diff -r " + lower_ + " " + out, &difference), 0) << difference;
}

TEST_F(Tree, mount_points_below_are_followed_or_hidden) {
  const std::string below = scratch_.folder("lower/below");
  ASSERT_EQ(::mount("none", below.c_str(), "tmpfs", 0, nullptr), 0);
  write_file(below + "/f", "on tmpfs");
  write_file(lower_ + "/g", "beside");
  ASSERT_NO_FATAL_FAILURE(serve());
  EXPECT_EQ(read_file(mount_ + "/below/f"), "on tmpfs");
  served_.reset();
  Options options;
  options.submounts = Submounts::hide;
  ASSERT_NO_FATAL_FAILURE(serve(options));
  struct stat stat {};
  EXPECT_EQ(::stat((mount_ + "/below").c_str(), &stat), -1);
  EXPECT_EQ(errno, ENOENT);
  std::string listed;
  EXPECT_EQ(shell("ls " + mount_, &listed), 0);
  EXPECT_EQ(listed, "g\n");
}

TEST_F(Tree, a_mount_inside_its_own_source_does_not_lead_into_itself) {
  mount_ = scratch_.folder("lower/inside");
  write_file(lower_ + "/f", "f");
  ASSERT_NO_FATAL_FAILURE(serve());
  EXPECT_EQ(read_file(mount_ + "/f"), "f");
  struct stat stat {};
  EXPECT_EQ(::stat((mount_ + "/inside").c_str(), &stat), -1);
  EXPECT_EQ(errno, ELOOP);
  std::string said;
  EXPECT_EQ(shell("timeout 10 ls -lR " + mount_ + " >/dev/null 2>&1; test $? -ne 124", &said), 0) << said;
}

TEST_F(Tree, a_mount_over_its_own_source_shows_what_lies_beneath) {
  mount_ = lower_;
  write_file(lower_ + "/f", "beneath");
  ASSERT_NO_FATAL_FAILURE(serve());
  EXPECT_EQ(read_file(lower_ + "/f"), "beneath");
  write_file(lower_ + "/g", "through");
  served_.reset();
  EXPECT_EQ(read_file(lower_ + "/g"), "through");
}

TEST_F(Tree, what_is_replaced_or_moved_below_is_found_again_by_name) {
  write_file(lower_ + "/a", "first");
  ASSERT_NO_FATAL_FAILURE(serve(unremembered()));
  EXPECT_EQ(read_file(mount_ + "/a"), "first");
  write_file(lower_ + "/b", "second");
  ASSERT_EQ(::rename((lower_ + "/b").c_str(), (lower_ + "/a").c_str()), 0);
  EXPECT_EQ(read_file(mount_ + "/a"), "second");
  ASSERT_EQ(::unlink((lower_ + "/a").c_str()), 0);
  EXPECT_EQ(::open((mount_ + "/a").c_str(), O_RDONLY), -1);
  EXPECT_EQ(errno, ENOENT);
  write_file(lower_ + "/a", "third");
  EXPECT_EQ(read_file(mount_ + "/a"), "third");
}

TEST_F(Tree, an_open_of_a_name_that_is_stale_in_the_cache_finds_the_new_file) {
  write_file(lower_ + "/a", "first");
  Options options;
  options.entry_timeout = options.attr_timeout = std::chrono::hours{1};
  ASSERT_NO_FATAL_FAILURE(serve(options));
  EXPECT_EQ(read_file(mount_ + "/a"), "first");
  // The kernel believes for an hour that "a" is the first file, which is gone.
  ASSERT_EQ(::unlink((lower_ + "/a").c_str()), 0);
  write_file(lower_ + "/a", "second");
  EXPECT_EQ(read_file(mount_ + "/a"), "second");
}

TEST_F(Tree, a_file_without_a_name_lives_as_long_as_it_is_open) {
  for (const auto passthrough : {Passthrough::wanted, Passthrough::off}) {
    write_file(lower_ + "/a", "text");
    Options options;
    options.passthrough = passthrough;
    ASSERT_NO_FATAL_FAILURE(serve(options));
    Fd fd{::open((mount_ + "/a").c_str(), O_RDWR)};
    Fd path{::open((mount_ + "/a").c_str(), O_PATH)};
    ASSERT_EQ(::unlink((mount_ + "/a").c_str()), 0);
    EXPECT_EQ(::pwrite(fd.get(), "T", 1, 0), 1);
    EXPECT_EQ(::ftruncate(fd.get(), 2), 0);
    EXPECT_EQ(::fsync(fd.get()), 0);
    EXPECT_EQ(::fchmod(fd.get(), 0600), 0);
    char text[8] = {};
    EXPECT_EQ(::pread(fd.get(), text, sizeof(text), 0), 2);
    EXPECT_STREQ(text, "Te");
    struct stat stat {};
    ASSERT_EQ(::fstat(fd.get(), &stat), 0);
    EXPECT_EQ(stat.st_nlink, 0u);
    EXPECT_EQ(stat.st_mode & 0777u, 0600u);
    fd.reset();
    ASSERT_EQ(::fstat(path.get(), &stat), 0);
    EXPECT_EQ(stat.st_size, 2);
    path.reset();
    served_.reset();
  }
}

TEST_F(Tree, a_file_made_without_a_name_can_be_given_one) {
  ASSERT_NO_FATAL_FAILURE(serve());
  Fd fd{::open(mount_.c_str(), O_TMPFILE | O_RDWR, 0644)};
  ASSERT_TRUE(fd);
  ASSERT_EQ(::write(fd.get(), "text", 4), 4);
  const std::string proc = "/proc/self/fd/" + std::to_string(fd.get());
  ASSERT_EQ(::linkat(AT_FDCWD, proc.c_str(), AT_FDCWD, (mount_ + "/named").c_str(), AT_SYMLINK_FOLLOW), 0);
  EXPECT_EQ(read_file(lower_ + "/named"), "text");
}

TEST_F(Tree, times_are_right_once_a_writer_by_mapping_is_gone) {
  write_file(lower_ + "/a", std::string(4096, 'a'));
  Options options;
  options.entry_timeout = options.attr_timeout = std::chrono::hours{1};
  ASSERT_NO_FATAL_FAILURE(serve(options));
  struct timespec old[2] = {{1000, 0}, {1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (mount_ + "/a").c_str(), old, 0), 0);
  {
    Fd fd{::open((mount_ + "/a").c_str(), O_RDWR)};
    void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(at, MAP_FAILED);
    std::memset(at, 'b', 4096);
    ASSERT_EQ(::msync(at, 4096, MS_SYNC), 0);
    ASSERT_EQ(::munmap(at, 4096), 0);
  }
  served_->count(wire::Opcode::release);  // waits for it
  struct stat lower {}, shown {};
  ASSERT_EQ(::stat((lower_ + "/a").c_str(), &lower), 0);
  ASSERT_EQ(::stat((mount_ + "/a").c_str(), &shown), 0);
  EXPECT_GT(lower.st_mtim.tv_sec, 1000);
  EXPECT_EQ(shown.st_mtim.tv_sec, lower.st_mtim.tv_sec);
}

TEST_F(Tree, a_file_that_cannot_pass_through_is_served_and_others_pass_through) {
  const std::string proc = scratch_.folder("lower/proc");
  ASSERT_EQ(::mount("proc", proc.c_str(), "proc", MS_RDONLY, nullptr), 0);
  write_file(lower_ + "/a", "text");
  ASSERT_NO_FATAL_FAILURE(serve());
  EXPECT_NE(read_file(mount_ + "/proc/version").find("Linux"), std::string::npos);
  EXPECT_EQ(read_file(mount_ + "/a"), "text");
  const auto stats = served_->mirror().stats();
  EXPECT_EQ(stats.served, 1u);
  EXPECT_EQ(stats.refused, 1u);
  EXPECT_EQ(stats.passed_through, 1u);
}

TEST_F(Tree, the_birth_time_is_the_lower_files_own) {
  write_file(lower_ + "/a", "text");
  ASSERT_NO_FATAL_FAILURE(serve());
  std::string below, shown;
  ASSERT_EQ(shell("stat -c %W " + lower_ + "/a", &below), 0);
  ASSERT_EQ(shell("stat -c %W " + mount_ + "/a", &shown), 0);
  EXPECT_EQ(shown, below);
}

TEST_F(Tree, a_large_tree_is_walked_with_few_descriptors_and_little_memory) {
  for (int d = 0; d < 50; ++d) {
    const std::string folder = scratch_.folder("lower/d" + std::to_string(d));
    for (int f = 0; f < 200; ++f) {
      Fd made{::open((folder + "/f" + std::to_string(f)).c_str(), O_WRONLY | O_CREAT, 0644)};
      ASSERT_TRUE(made);
    }
  }
  ASSERT_NO_FATAL_FAILURE(serve());
  std::string count;
  ASSERT_EQ(shell("find " + mount_ + " -printf '%s\\n' | wc -l", &count), 0);
  EXPECT_EQ(std::stoi(count), 50 * 201 + 1);
  EXPECT_LT(served_->mirror().tree().descriptors().cached, 200u);
  EXPECT_LT(served_->mirror().tree().descriptors().pinned, 10u);
  const auto nodes = served_->mirror().tree().table().stats();
  EXPECT_GE(nodes.nodes, 50u * 201);
  EXPECT_LE(nodes.bytes / nodes.nodes, 120u);
}

TEST_F(Tree, copying_between_files_of_the_mount_works_in_the_kernel) {
  write_file(lower_ + "/a", std::string(100000, 'a'));
  ASSERT_NO_FATAL_FAILURE(serve());
  Fd from{::open((mount_ + "/a").c_str(), O_RDONLY)};
  Fd to{::open((mount_ + "/b").c_str(), O_WRONLY | O_CREAT, 0644)};
  off_t at = 0;
  while (at < 100000) {
    const ssize_t copied = ::copy_file_range(from.get(), &at, to.get(), nullptr, 100000, 0);
    ASSERT_GT(copied, 0) << std::strerror(errno);
  }
  to.reset();
  EXPECT_EQ(read_file(mount_ + "/b"), std::string(100000, 'a'));
}

}  // namespace
}  // namespace sluice::mirror::test
