// SPDX-License-Identifier: MIT
#include "sluice/mirror/lower_handle.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>

#include "support.h"

namespace sluice::mirror {
namespace {

std::uint64_t ino_of(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

// Where the lower file systems of these tests are; /tmp stands for the machine's own one.
class LowerHandles : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!folder_.made()) GTEST_SKIP() << GetParam() << " cannot be written";
    std::ofstream{folder_ / "a"} << "A";
    std::ofstream{folder_ / "b"} << "B";
    directory_ = Fd{::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    ASSERT_TRUE(directory_);
    auto read = LowerHandle::read(directory_.get());
    if (!read || read->handle.identity_only()) GTEST_SKIP() << GetParam() << " has no handles";
    if (auto opened = read->handle.open(directory_.get(), O_PATH); !opened)
      GTEST_SKIP() << "handles cannot be opened here: " << name(opened.error());
  }

  test::Folder folder_{GetParam()};
  Fd directory_;
};

TEST_P(LowerHandles, name_and_descriptor_give_the_same_handle_and_mount) {
  auto by_name = LowerHandle::read_at(directory_.get(), "a").value();
  Fd file{::openat(directory_.get(), "a", O_PATH | O_CLOEXEC)};
  auto by_descriptor = LowerHandle::read(file.get()).value();
  EXPECT_TRUE(by_name.handle == by_descriptor.handle);
  EXPECT_EQ(by_name.mount, by_descriptor.mount);
  EXPECT_NE(raw(by_name.mount), 0U);
  auto other = LowerHandle::read_at(directory_.get(), "b").value();
  EXPECT_FALSE(by_name.handle == other.handle);
  EXPECT_EQ(by_name.mount, other.mount);
}

TEST_P(LowerHandles, a_handle_opens_its_file_after_a_rename) {
  auto read = LowerHandle::read_at(directory_.get(), "a").value();
  ASSERT_EQ(::renameat(directory_.get(), "a", directory_.get(), "c"), 0);
  Fd file = read.handle.open(directory_.get(), O_RDONLY).value();
  char letter = 0;
  EXPECT_EQ(::read(file.get(), &letter, 1), 1);
  EXPECT_EQ(letter, 'A');
  EXPECT_NE(::fcntl(file.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_P(LowerHandles, the_handle_of_a_file_that_is_gone_is_stale_even_when_its_inode_is_used_again) {
  auto read = LowerHandle::read_at(directory_.get(), "a").value();
  ASSERT_EQ(::unlinkat(directory_.get(), "a", 0), 0);
  for (int i = 0; i < 100; ++i) std::ofstream{folder_ / ("new" + std::to_string(i))} << "X";
  auto opened = read.handle.open(directory_.get(), O_RDONLY);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Errno{ESTALE});
}

TEST_P(LowerHandles, an_unlinked_file_opens_for_as_long_as_something_pins_it) {
  auto read = LowerHandle::read_at(directory_.get(), "a").value();
  Fd pin{::openat(directory_.get(), "a", O_PATH | O_CLOEXEC)};
  ASSERT_EQ(::unlinkat(directory_.get(), "a", 0), 0);
  EXPECT_TRUE(read.handle.open(directory_.get(), O_RDWR));
  pin.reset();
  EXPECT_FALSE(read.handle.open(directory_.get(), O_RDWR));
}

TEST_P(LowerHandles, symbolic_links_are_not_followed) {
  ASSERT_EQ(::symlinkat("a", directory_.get(), "link"), 0);
  auto link = LowerHandle::read_at(directory_.get(), "link").value();
  auto file = LowerHandle::read_at(directory_.get(), "a").value();
  EXPECT_FALSE(link.handle == file.handle);
}

TEST_P(LowerHandles, survive_being_taken_apart_and_put_together) {
  auto read = LowerHandle::read_at(directory_.get(), "a").value();
  auto again = LowerHandle::from(read.handle.type(), read.handle.bytes(), read.handle.grade());
  ASSERT_TRUE(again);
  EXPECT_TRUE(*again == read.handle);
  Fd file = again->open(directory_.get(), O_PATH).value();
  Fd direct{::openat(directory_.get(), "a", O_PATH | O_CLOEXEC)};
  EXPECT_EQ(ino_of(file.get()), ino_of(direct.get()));
}

TEST_P(LowerHandles, missing_names_are_enoent_and_files_are_not_directories) {
  EXPECT_EQ(LowerHandle::read_at(directory_.get(), "none").error(), Errno{ENOENT});
  Fd file{::openat(directory_.get(), "a", O_PATH | O_CLOEXEC)};
  EXPECT_EQ(LowerHandle::read_at(file.get(), "x").error(), Errno{ENOTDIR});
  EXPECT_EQ(LowerHandle::read(-1).error(), Errno{EBADF});
}

INSTANTIATE_TEST_SUITE_P(Lower, LowerHandles, testing::Values("/tmp", "/dev/shm"),
                         [](const auto& lower) {
                           return std::string{lower.index == 0 ? "local" : "tmpfs"};
                         });

TEST(LowerHandle, procfs_has_identities_that_cannot_be_opened) {
  Fd self{::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ASSERT_TRUE(self);
  auto read = LowerHandle::read_at(self.get(), "status");
  if (!read) GTEST_SKIP() << "this kernel gives none: " << name(read.error());
  EXPECT_TRUE(read->handle.identity_only());
  EXPECT_EQ(read->handle.open(self.get(), O_PATH).error(), Errno{EOPNOTSUPP});
  EXPECT_TRUE(LowerHandle::read_at(self.get(), "status")->handle == read->handle);
  EXPECT_FALSE(LowerHandle::read_at(self.get(), "maps")->handle == read->handle);
}

TEST(LowerHandle, what_has_no_handle_at_all_says_so) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Fd reader{ends[0]};
  Fd writer{ends[1]};
  auto read = LowerHandle::read(reader.get());
  if (read) {
    EXPECT_TRUE(read->handle.identity_only());
  } else {
    EXPECT_EQ(read.error(), Errno{EOPNOTSUPP});
  }
}

TEST(LowerHandle, stand_ins_tell_files_and_births_apart_and_equal_no_real_handle) {
  const LowerHandle one = LowerHandle::stand_in(5, 1000);
  EXPECT_TRUE(one == LowerHandle::stand_in(5, 1000));
  EXPECT_FALSE(one == LowerHandle::stand_in(5, 1001));
  EXPECT_FALSE(one == LowerHandle::stand_in(6, 1000));
  auto real = LowerHandle::from(1, one.bytes(), LowerHandle::Grade::real).value();
  EXPECT_FALSE(one == real);
  EXPECT_EQ(one.open(0, O_PATH).error(), Errno{EOPNOTSUPP});
}

TEST(LowerHandle, mount_and_grade_belong_to_what_it_is) {
  const LowerHandle one = test::handle(1);
  EXPECT_FALSE(one == one.on(MountIndex{1}));
  auto fid = LowerHandle::from(one.type(), one.bytes(), LowerHandle::Grade::identity_only);
  EXPECT_FALSE(one == *fid);
}

TEST(LowerHandle, refuses_bytes_that_are_none_or_too_many) {
  std::array<std::byte, LowerHandle::kMaxBytes + 1> bytes{};
  constexpr auto kReal = LowerHandle::Grade::real;
  EXPECT_EQ(LowerHandle::from(1, bytes, kReal).error(), Errno{EINVAL});
  EXPECT_EQ(LowerHandle::from(1, {}, kReal).error(), Errno{EINVAL});
  EXPECT_TRUE(LowerHandle::from(1, Bytes{bytes}.first(LowerHandle::kMaxBytes), kReal));
  EXPECT_EQ(LowerHandle{}.open(0, O_PATH).error(), Errno{EOPNOTSUPP});
}

}  // namespace
}  // namespace sluice::mirror
