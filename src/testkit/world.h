// SPDX-License-Identifier: MIT
// A tree of files to do system calls on: what a program can ask, one method for each call. The
// conformance suite is written against it, so that a directory of the machine, a mount, and a
// session behind testkit's kernel are all asked the same questions.
//
// Paths are relative to the tree's root and have no leading slash; "." is the root. Open files are
// numbers, as descriptors are. Errors are those of the man page of the call that each is named
// after.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::testkit {

enum class Follow { yes, no };

// Who does the calls from now on.
struct Identity {
  unsigned uid = 0;
  unsigned gid = 0;
  std::vector<unsigned> groups;
};

struct NamedEntry {
  std::string name;
  std::uint64_t ino = 0;
  unsigned type = 0;  // DT_*
};

// Which table of locks a call is about. Both kinds belong to the open file.
enum class LockKind { range, whole };
enum class Waiting { no, yes };

class World {
 public:
  virtual ~World() = default;

  // Where the tree is on this machine, for mmap and programs; nothing where it is nowhere.
  virtual std::optional<std::string> real_path(const std::string& path) const = 0;
  // Whether become() can make any other user.
  virtual bool can_become() const = 0;
  virtual void become(const Identity& who) = 0;
  virtual void umask(mode_t mask) = 0;

  virtual Result<int> open(const std::string& path, int flags, mode_t mode = 0) = 0;
  virtual Result<void> close(int file) = 0;
  virtual Result<std::string> read(int file, std::size_t size) = 0;
  virtual Result<std::string> pread(int file, std::size_t size, off_t offset) = 0;
  virtual Result<std::size_t> write(int file, std::string_view data) = 0;
  virtual Result<std::size_t> pwrite(int file, std::string_view data, off_t offset) = 0;
  virtual Result<off_t> lseek(int file, off_t offset, int whence) = 0;
  virtual Result<void> fsync(int file) = 0;
  virtual Result<void> fdatasync(int file) = 0;
  virtual Result<void> fallocate(int file, int mode, off_t offset, off_t size) = 0;
  virtual Result<std::size_t> copy_file_range(int from, off_t offset, int to, off_t to_offset,
                                              std::size_t size) = 0;
  // type F_RDLCK, F_WRLCK or F_UNLCK; size 0 to the end. A range lock is an OFD lock, a whole one
  // flock(2)'s, of which range and size are ignored. errors: EAGAIN.
  virtual Result<void> lock(int file, LockKind kind, int type, off_t start, off_t size,
                            Waiting waiting = Waiting::no) = 0;
  // The type of the lock in the way, F_UNLCK where there is none; range locks alone.
  virtual Result<int> locked_by(int file, int type, off_t start, off_t size) = 0;
  // Some entries, "." and ".." among them; none at the end. lseek(0) starts anew.
  virtual Result<std::vector<NamedEntry>> getdents(int directory) = 0;

  virtual Result<struct stat> fstat(int file) = 0;
  virtual Result<struct stat> stat(const std::string& path, Follow follow = Follow::yes) = 0;
  // The time of birth alone; nothing where it is not kept.
  virtual Result<std::optional<timespec>> birth(const std::string& path) = 0;
  virtual Result<struct statvfs> statfs(const std::string& path) = 0;
  virtual Result<void> access(const std::string& path, int mode) = 0;
  virtual Result<void> truncate(const std::string& path, off_t size) = 0;
  virtual Result<void> ftruncate(int file, off_t size) = 0;
  virtual Result<void> chmod(const std::string& path, mode_t mode) = 0;
  virtual Result<void> fchmod(int file, mode_t mode) = 0;
  // An id of -1 is left as it is.
  virtual Result<void> chown(const std::string& path, unsigned uid, unsigned gid,
                             Follow follow = Follow::yes) = 0;
  virtual Result<void> utimens(const std::string& path, const std::array<timespec, 2>& times,
                               Follow follow = Follow::yes) = 0;

  virtual Result<void> mkdir(const std::string& path, mode_t mode) = 0;
  virtual Result<void> rmdir(const std::string& path) = 0;
  virtual Result<void> mknod(const std::string& path, mode_t mode, dev_t device) = 0;
  virtual Result<void> unlink(const std::string& path) = 0;
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  virtual Result<void> link_file(int file, const std::string& to) = 0;  // an O_TMPFILE gets a name
  virtual Result<void> symlink(const std::string& target, const std::string& path) = 0;
  virtual Result<std::string> readlink(const std::string& path) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to,
                              unsigned flags = 0) = 0;

  // size  how much room there is; 0 asks for the size alone, which is what the text then has.
  virtual Result<std::string> getxattr(const std::string& path, const std::string& name,
                                       std::size_t size = 65536) = 0;
  virtual Result<std::vector<std::string>> listxattr(const std::string& path) = 0;
  virtual Result<void> setxattr(const std::string& path, const std::string& name,
                                std::string_view value, int flags = 0) = 0;
  virtual Result<void> removexattr(const std::string& path, const std::string& name) = 0;
};

}  // namespace sluice::testkit
