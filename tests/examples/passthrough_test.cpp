// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

namespace sluice::test {
namespace {

class PassthroughExample : public Example {
 protected:
  void SetUp() override {
    Example::SetUp();
    if (IsSkipped()) return;
    if (sluice({"--version"}).out.find("passthrough     available\n") == std::string::npos) {
      GTEST_SKIP() << "needs a kernel with passthrough";
    }
    lower_ = scratch_.folder("lower");
    scratch_.folder("lower/sub");
    scratch_.file("lower/sub/file", "from below");
    start("passthrough", {lower_});
  }
  std::string lower_;
};

TEST_F(PassthroughExample, files_are_read_written_and_mapped_below) {
  EXPECT_EQ(read_file(in_mnt("sub/file")), "from below");
  write_file(in_mnt("sub/file"), "from above");
  EXPECT_EQ(read_file(lower_ + "/sub/file"), "from above");
  const Fd file{::open(in_mnt("sub/file").c_str(), O_RDWR | O_CLOEXEC)};
  ASSERT_TRUE(file);
  void* at = ::mmap(nullptr, 10, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  ASSERT_NE(at, MAP_FAILED);
  static_cast<char*>(at)[0] = 'F';
  ::munmap(at, 10);
  EXPECT_EQ(read_file(lower_ + "/sub/file"), "From above");
}

TEST_F(PassthroughExample, several_may_have_a_file_open_at_once) {
  const Fd first{::open(in_mnt("sub/file").c_str(), O_RDONLY | O_CLOEXEC)};
  const Fd second{::open(in_mnt("sub/file").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  ASSERT_TRUE(first && second);
  EXPECT_EQ(::write(second.get(), "!", 1), 1);
  char text[16] = {};
  EXPECT_EQ(::pread(first.get(), text, sizeof(text), 0), 11);
}

TEST_F(PassthroughExample, listing_shows_what_is_there) {
  EXPECT_EQ(shell("cd " + mnt_ + " && find . | sort").out, ".\n./sub\n./sub/file\n");
  stop();
}

}  // namespace
}  // namespace sluice::test
