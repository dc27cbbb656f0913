// SPDX-License-Identifier: MIT
// Open files and what is done with them.
#include "sluice/testkit/real_world.h"

#include <dirent.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstring>

namespace sluice::testkit {
namespace {

Result<void> done(long result) {
  if (result < 0) return fail_last();
  return {};
}

// glibc's wrappers change every thread of the process; the raw calls change this one.
void set_identity(const Identity& who) {
  std::vector<gid_t> groups{who.groups.begin(), who.groups.end()};
  ::syscall(SYS_setresuid, -1, 0, -1);  // back to root first, which alone may do the rest
  ::syscall(SYS_setgroups, groups.size(), groups.data());
  ::syscall(SYS_setresgid, -1, who.gid, -1);
  ::syscall(SYS_setresuid, -1, who.uid, -1);
}

struct flock range_lock(int type, off_t start, off_t size) {
  struct flock lock {};
  lock.l_type = static_cast<short>(type);
  lock.l_whence = SEEK_SET;
  lock.l_start = start;
  lock.l_len = size;
  return lock;
}

int flock_operation(int type, Waiting waiting) {
  const int operation = type == F_UNLCK ? LOCK_UN : type == F_RDLCK ? LOCK_SH : LOCK_EX;
  return waiting == Waiting::no ? operation | LOCK_NB : operation;
}

// As the kernel lays it out. source: man 2 getdents
struct LinuxDirent {
  std::uint64_t ino;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
};
constexpr std::size_t kNameAt = 19;

}  // namespace

RealWorld::RealWorld(std::string directory)
    : directory_{std::move(directory)}, umask_before_{::umask(022)} {}

RealWorld::~RealWorld() {
  if (can_become()) set_identity({});
  ::umask(umask_before_);
}

std::optional<std::string> RealWorld::real_path(const std::string& path) const { return at(path); }

bool RealWorld::can_become() const { return ::getuid() == 0; }

void RealWorld::become(const Identity& who) {
  if (can_become()) set_identity(who);
}

void RealWorld::umask(mode_t mask) { ::umask(mask); }

Result<int> RealWorld::open(const std::string& path, int flags, mode_t mode) {
  Fd file = TRY(own(::open(at(path).c_str(), flags | O_CLOEXEC, mode)));
  const int number = file.get();
  files_[number] = std::move(file);
  return number;
}

Result<void> RealWorld::close(int file) {
  auto found = files_.find(file);
  if (found == files_.end()) return fail(EBADF);
  const int number = found->second.release();
  files_.erase(found);
  return done(::close(number));
}

Result<std::string> RealWorld::read(int file, std::size_t size) {
  std::string data(size, '\0');
  data.resize(static_cast<std::size_t>(TRY(checked(::read(file, data.data(), size)))));
  return data;
}

Result<std::string> RealWorld::pread(int file, std::size_t size, off_t offset) {
  std::string data(size, '\0');
  data.resize(static_cast<std::size_t>(TRY(checked(::pread(file, data.data(), size, offset)))));
  return data;
}

Result<std::size_t> RealWorld::write(int file, std::string_view data) {
  return static_cast<std::size_t>(TRY(checked(::write(file, data.data(), data.size()))));
}

Result<std::size_t> RealWorld::pwrite(int file, std::string_view data, off_t offset) {
  return static_cast<std::size_t>(TRY(checked(::pwrite(file, data.data(), data.size(), offset))));
}

Result<off_t> RealWorld::lseek(int file, off_t offset, int whence) {
  return checked(::lseek(file, offset, whence));
}

Result<void> RealWorld::fsync(int file) { return done(::fsync(file)); }

Result<void> RealWorld::fdatasync(int file) { return done(::fdatasync(file)); }

Result<void> RealWorld::fallocate(int file, int mode, off_t offset, off_t size) {
  return done(::fallocate(file, mode, offset, size));
}

Result<std::size_t> RealWorld::copy_file_range(int from, off_t offset, int to, off_t to_offset,
                                               std::size_t size) {
  return static_cast<std::size_t>(
      TRY(checked(::copy_file_range(from, &offset, to, &to_offset, size, 0))));
}

Result<void> RealWorld::lock(int file, LockKind kind, int type, off_t start, off_t size,
                             Waiting waiting) {
  if (kind == LockKind::whole) {
    return done(retry_interrupted([&] { return ::flock(file, flock_operation(type, waiting)); }));
  }
  struct flock lock = range_lock(type, start, size);
  return done(::fcntl(file, waiting == Waiting::no ? F_OFD_SETLK : F_OFD_SETLKW, &lock));
}

Result<int> RealWorld::locked_by(int file, int type, off_t start, off_t size) {
  struct flock lock = range_lock(type, start, size);
  TRY(checked(::fcntl(file, F_OFD_GETLK, &lock)));
  return lock.l_type;
}

Result<std::vector<NamedEntry>> RealWorld::getdents(int directory) {
  std::array<std::byte, 4096> room;
  const auto size = static_cast<std::size_t>(
      TRY(checked(::syscall(SYS_getdents64, directory, room.data(), room.size()))));
  std::vector<NamedEntry> entries;
  for (std::size_t at = 0; at < size;) {
    LinuxDirent entry{};
    std::memcpy(&entry.ino, room.data() + at, sizeof(entry.ino));
    std::memcpy(&entry.size, room.data() + at + offsetof(LinuxDirent, size), sizeof(entry.size));
    std::memcpy(&entry.type, room.data() + at + offsetof(LinuxDirent, type), sizeof(entry.type));
    const char* name = reinterpret_cast<const char*>(room.data() + at + kNameAt);
    entries.push_back({name, entry.ino, entry.type});
    at += entry.size;
  }
  return entries;
}

Result<struct stat> RealWorld::fstat(int file) {
  struct stat stat {};
  TRY(checked(::fstat(file, &stat)));
  return stat;
}

Result<void> RealWorld::ftruncate(int file, off_t size) { return done(::ftruncate(file, size)); }

Result<void> RealWorld::fchmod(int file, mode_t mode) { return done(::fchmod(file, mode)); }

Result<void> RealWorld::link_file(int file, const std::string& to) {
  const std::string from = "/proc/self/fd/" + std::to_string(file);
  return done(::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, at(to).c_str(), AT_SYMLINK_FOLLOW));
}

}  // namespace sluice::testkit
