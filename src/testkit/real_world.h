// SPDX-License-Identifier: MIT
// The world of real system calls, in one directory: of a lower file system, or of a mount.
#pragma once

#include <map>

#include "sluice/base/fd.h"
#include "sluice/testkit/world.h"

namespace sluice::testkit {

class RealWorld final : public World {
 public:
  // directory  the root of the tree; it stays the caller's, as does what is made in it.
  explicit RealWorld(std::string directory);
  ~RealWorld() override;

  std::optional<std::string> real_path(const std::string& path) const override;
  bool can_become() const override;
  // Changes the calling thread alone.
  void become(const Identity& who) override;
  void umask(mode_t mask) override;

  Result<int> open(const std::string& path, int flags, mode_t mode = 0) override;
  Result<void> close(int file) override;
  Result<std::string> read(int file, std::size_t size) override;
  Result<std::string> pread(int file, std::size_t size, off_t offset) override;
  Result<std::size_t> write(int file, std::string_view data) override;
  Result<std::size_t> pwrite(int file, std::string_view data, off_t offset) override;
  Result<off_t> lseek(int file, off_t offset, int whence) override;
  Result<void> fsync(int file) override;
  Result<void> fdatasync(int file) override;
  Result<void> fallocate(int file, int mode, off_t offset, off_t size) override;
  Result<std::size_t> copy_file_range(int from, off_t offset, int to, off_t to_offset,
                                      std::size_t size) override;
  Result<void> lock(int file, LockKind kind, int type, off_t start, off_t size,
                    Waiting waiting = Waiting::no) override;
  Result<int> locked_by(int file, int type, off_t start, off_t size) override;
  Result<std::vector<NamedEntry>> getdents(int directory) override;

  Result<struct stat> fstat(int file) override;
  Result<struct stat> stat(const std::string& path, Follow follow = Follow::yes) override;
  Result<std::optional<timespec>> birth(const std::string& path) override;
  Result<struct statvfs> statfs(const std::string& path) override;
  Result<void> access(const std::string& path, int mode) override;
  Result<void> truncate(const std::string& path, off_t size) override;
  Result<void> ftruncate(int file, off_t size) override;
  Result<void> chmod(const std::string& path, mode_t mode) override;
  Result<void> fchmod(int file, mode_t mode) override;
  Result<void> chown(const std::string& path, unsigned uid, unsigned gid,
                     Follow follow = Follow::yes) override;
  Result<void> utimens(const std::string& path, const std::array<timespec, 2>& times,
                       Follow follow = Follow::yes) override;

  Result<void> mkdir(const std::string& path, mode_t mode) override;
  Result<void> rmdir(const std::string& path) override;
  Result<void> mknod(const std::string& path, mode_t mode, dev_t device) override;
  Result<void> unlink(const std::string& path) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> link_file(int file, const std::string& to) override;
  Result<void> symlink(const std::string& target, const std::string& path) override;
  Result<std::string> readlink(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to, unsigned flags = 0) override;

  Result<std::string> getxattr(const std::string& path, const std::string& name,
                               std::size_t size = 65536) override;
  Result<std::vector<std::string>> listxattr(const std::string& path) override;
  Result<void> setxattr(const std::string& path, const std::string& name, std::string_view value,
                        int flags = 0) override;
  Result<void> removexattr(const std::string& path, const std::string& name) override;

 private:
  std::string at(const std::string& path) const { return directory_ + "/" + path; }

  std::string directory_;
  mode_t umask_before_;
  std::map<int, Fd> files_;
};

}  // namespace sluice::testkit
