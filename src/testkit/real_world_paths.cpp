// SPDX-License-Identifier: MIT
// Calls that name a path.
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "sluice/testkit/real_world.h"

namespace sluice::testkit {
namespace {

Result<void> done(long result) {
  if (result < 0) return fail_last();
  return {};
}

int no_follow(Follow follow) { return follow == Follow::no ? AT_SYMLINK_NOFOLLOW : 0; }

}  // namespace

Result<struct stat> RealWorld::stat(const std::string& path, Follow follow) {
  struct stat stat {};
  TRY(checked(::fstatat(AT_FDCWD, at(path).c_str(), &stat, no_follow(follow))));
  return stat;
}

Result<std::optional<timespec>> RealWorld::birth(const std::string& path) {
  struct statx stat {};
  TRY(checked(::statx(AT_FDCWD, at(path).c_str(), AT_SYMLINK_NOFOLLOW, STATX_BTIME, &stat)));
  if ((stat.stx_mask & STATX_BTIME) == 0) return std::nullopt;
  timespec born{};
  born.tv_sec = stat.stx_btime.tv_sec;
  born.tv_nsec = stat.stx_btime.tv_nsec;
  return born;
}

Result<struct statvfs> RealWorld::statfs(const std::string& path) {
  struct statvfs stat {};
  TRY(checked(::statvfs(at(path).c_str(), &stat)));
  return stat;
}

Result<void> RealWorld::access(const std::string& path, int mode) {
  return done(::faccessat(AT_FDCWD, at(path).c_str(), mode, AT_EACCESS));
}

Result<void> RealWorld::truncate(const std::string& path, off_t size) {
  return done(::truncate(at(path).c_str(), size));
}

Result<void> RealWorld::chmod(const std::string& path, mode_t mode) {
  return done(::chmod(at(path).c_str(), mode));
}

Result<void> RealWorld::chown(const std::string& path, unsigned uid, unsigned gid, Follow follow) {
  return done(::fchownat(AT_FDCWD, at(path).c_str(), uid, gid, no_follow(follow)));
}

Result<void> RealWorld::utimens(const std::string& path, const std::array<timespec, 2>& times,
                                Follow follow) {
  return done(::utimensat(AT_FDCWD, at(path).c_str(), times.data(), no_follow(follow)));
}

Result<void> RealWorld::mkdir(const std::string& path, mode_t mode) {
  return done(::mkdir(at(path).c_str(), mode));
}

Result<void> RealWorld::rmdir(const std::string& path) { return done(::rmdir(at(path).c_str())); }

Result<void> RealWorld::mknod(const std::string& path, mode_t mode, dev_t device) {
  return done(::mknod(at(path).c_str(), mode, device));
}

Result<void> RealWorld::unlink(const std::string& path) { return done(::unlink(at(path).c_str())); }

Result<void> RealWorld::link(const std::string& from, const std::string& to) {
  return done(::link(at(from).c_str(), at(to).c_str()));
}

Result<void> RealWorld::symlink(const std::string& target, const std::string& path) {
  return done(::symlink(target.c_str(), at(path).c_str()));
}

Result<std::string> RealWorld::readlink(const std::string& path) {
  std::string target(4097, '\0');
  target.resize(static_cast<std::size_t>(
      TRY(checked(::readlink(at(path).c_str(), target.data(), target.size())))));
  return target;
}

Result<void> RealWorld::rename(const std::string& from, const std::string& to, unsigned flags) {
  return done(::renameat2(AT_FDCWD, at(from).c_str(), AT_FDCWD, at(to).c_str(), flags));
}

Result<std::string> RealWorld::getxattr(const std::string& path, const std::string& name,
                                        std::size_t size) {
  std::string value(size, '\0');
  value.resize(static_cast<std::size_t>(
      TRY(checked(::lgetxattr(at(path).c_str(), name.c_str(), value.data(), size)))));
  return value;
}

Result<std::vector<std::string>> RealWorld::listxattr(const std::string& path) {
  std::string all(65536, '\0');
  all.resize(static_cast<std::size_t>(
      TRY(checked(::llistxattr(at(path).c_str(), all.data(), all.size())))));
  std::vector<std::string> names;
  for (std::size_t start = 0; start < all.size(); start += names.back().size() + 1) {
    names.emplace_back(all.c_str() + start);
  }
  return names;
}

Result<void> RealWorld::setxattr(const std::string& path, const std::string& name,
                                 std::string_view value, int flags) {
  return done(::lsetxattr(at(path).c_str(), name.c_str(), value.data(), value.size(), flags));
}

Result<void> RealWorld::removexattr(const std::string& path, const std::string& name) {
  return done(::lremovexattr(at(path).c_str(), name.c_str()));
}

}  // namespace sluice::testkit
