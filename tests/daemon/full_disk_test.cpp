// SPDX-License-Identifier: MIT
// A lower file system that is full: the error reaches whoever writes, and what was written before
// is all there.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

namespace sluice::test {
namespace {

class FullDisk : public Mounts, public testing::WithParamInterface<const char*> {
 protected:
  static constexpr std::size_t kPiece = 64 << 10;

  // Appends pieces until there is no room; gives how many bytes went in, and the error in `error`.
  static std::size_t fill(const std::string& path, int& error) {
    const Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
    EXPECT_TRUE(file);
    std::string piece(kPiece, 'x');
    std::size_t size = 0;
    for (;;) {
      piece[0] = static_cast<char>('a' + size / kPiece % 26);
      const ssize_t written = ::write(file.get(), piece.data(), piece.size());
      if (written <= 0) break;
      size += static_cast<std::size_t>(written);
    }
    error = errno;
    EXPECT_EQ(::fsync(file.get()), 0);
    return size;
  }

  // Makes folders, a block each, until that fails.
  static int error_of_making_folders(const std::string& path) {
    for (int i = 0; i < 5000; ++i) {
      if (::mkdir((path + std::to_string(i)).c_str(), 0755) != 0) return errno;
    }
    return 0;
  }
};

TEST_P(FullDisk, says_so_and_loses_nothing) {
  const std::string image = scratch_.path("image");
  ASSERT_EQ(shell("truncate -s 16M " + image + " && mkfs.ext4 -q -m 0 " + image +
                  " && mount -o loop " + image + " " + lower_)
                .status,
            0);
  scratch_.file("lower/kept", "kept");
  Words options;
  if (*GetParam() != '\0') options.emplace_back(GetParam());
  mount(options);

  int error = 0;
  const std::size_t size = fill(in_mnt("big"), error);
  EXPECT_EQ(error, ENOSPC);
  EXPECT_GT(size, 8u << 20);
  EXPECT_EQ(error_of_making_folders(in_mnt("folder")), ENOSPC);

  const std::string through = read_file(in_mnt("big"));
  EXPECT_EQ(through.size(), size);
  EXPECT_EQ(through, read_file(lower_ + "/big"));
  for (std::size_t at = 0; at + kPiece <= through.size(); at += kPiece) {
    ASSERT_EQ(through[at], static_cast<char>('a' + at / kPiece % 26)) << at;
  }
  EXPECT_EQ(read_file(in_mnt("kept")), "kept");

  // And it goes on when there is room again: the kernel lets go of the file a moment later.
  EXPECT_EQ(::unlink(in_mnt("big").c_str()), 0);
  EXPECT_EQ(shell("for i in $(seq 100); do echo again > " + in_mnt("after") +
                  " && exit; sleep 0.05; done; exit 1")
                .status,
            0);
  EXPECT_EQ(read_file(lower_ + "/after"), "again\n");
  unmount();
  EXPECT_EQ(shell("umount " + lower_).status, 0);  // nothing of the daemon holds it
}

INSTANTIATE_TEST_SUITE_P(BothWays, FullDisk, testing::Values("", "--no-passthrough"),
                         [](const auto& chosen) {
                           return *chosen.param == '\0' ? "native" : "served";
                         });

}  // namespace
}  // namespace sluice::test
