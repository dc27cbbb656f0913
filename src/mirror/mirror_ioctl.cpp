// SPDX-License-Identifier: MIT
// The ioctls that file systems share: inode flags and project ids. Everything else is ENOTTY; in
// particular no ioctl of a device or of one file system gets through with the daemon's privileges.
// source: linux fs/fuse/ioctl.c fuse_fileattr_get(), fuse_priv_ioctl(); man 2 ioctl_iflags
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cstring>

#include "sluice/mirror/mirror.h"

namespace sluice::mirror {
namespace {

constexpr unsigned kGetFlags32 = 0x80046601;  // FS_IOC32_GETFLAGS
constexpr unsigned kSetFlags32 = 0x40046602;  // FS_IOC32_SETFLAGS
constexpr unsigned kRootOnlyFlags = FS_IMMUTABLE_FL | FS_APPEND_FL;

template <class T>
Result<fuse::IoctlReply> get(int fd, unsigned long command, fuse::ReadBuffer& out) noexcept {
  T value{};
  if (out.room().size() < sizeof(value)) return fail(EINVAL);
  if (::ioctl(fd, command, &value) != 0) return fail_last();
  std::memcpy(out.room().data(), &value, sizeof(value));
  return fuse::IoctlReply{0, sizeof(value)};
}

template <class T>
Result<T> input(const fuse::Ioctl& r) noexcept {
  T value{};
  if (r.input.size() < sizeof(value)) return fail(EINVAL);
  std::memcpy(&value, r.input.data(), sizeof(value));
  return value;
}

// Newer kernels check this before they ask; kernels before Linux 5.13 pass the ioctl on unchecked.
Result<void> may_change(const fuse::Ioctl& r, int fd, unsigned before, unsigned after) noexcept {
  if (r.caller.uid == Uid{0}) return {};
  const auto stat = TRY(stat_fd(fd));
  if (Uid{stat.stx_uid} != r.caller.uid) return fail(EPERM);
  if (((before ^ after) & kRootOnlyFlags) != 0) return fail(EPERM);
  return {};
}

Result<fuse::IoctlReply> set_flags(const fuse::Ioctl& r, int fd) noexcept {
  const auto wanted = static_cast<int>(TRY(input<std::uint32_t>(r)));
  int before = 0;
  if (::ioctl(fd, FS_IOC_GETFLAGS, &before) != 0) return fail_last();
  TRY(may_change(r, fd, static_cast<unsigned>(before), static_cast<unsigned>(wanted)));
  if (::ioctl(fd, FS_IOC_SETFLAGS, &wanted) != 0) return fail_last();
  return fuse::IoctlReply{};
}

Result<fuse::IoctlReply> set_extended(const fuse::Ioctl& r, int fd) noexcept {
  const auto wanted = TRY(input<struct fsxattr>(r));
  struct fsxattr before {};
  if (::ioctl(fd, FS_IOC_FSGETXATTR, &before) != 0) return fail_last();
  const auto privileged = [](const struct fsxattr& attr) {
    unsigned flags = 0;
    if ((attr.fsx_xflags & FS_XFLAG_IMMUTABLE) != 0) flags |= FS_IMMUTABLE_FL;
    if ((attr.fsx_xflags & FS_XFLAG_APPEND) != 0) flags |= FS_APPEND_FL;
    return flags;
  };
  TRY(may_change(r, fd, privileged(before), privileged(wanted)));
  if (r.caller.uid != Uid{0} && wanted.fsx_projid != before.fsx_projid) return fail(EPERM);
  if (::ioctl(fd, FS_IOC_FSSETXATTR, &wanted) != 0) return fail_last();
  return fuse::IoctlReply{};
}

}  // namespace

Result<fuse::IoctlReply> Mirror::ioctl(const fuse::Ioctl& r, fuse::ReadBuffer& out) {
  switch (r.command) {
    case FS_IOC_GETFLAGS:
    case kGetFlags32:
    case FS_IOC_SETFLAGS:
    case kSetFlags32:
    case FS_IOC_FSGETXATTR:
    case FS_IOC_FSSETXATTR:
      break;
    default:
      return fail(ENOTTY);
  }
  const Fd fd = TRY(tree_->open(r.node, O_RDONLY | O_NONBLOCK));
  switch (r.command) {
    case FS_IOC_GETFLAGS:
    case kGetFlags32: {
      auto flags = get<std::uint32_t>(fd.get(), FS_IOC_GETFLAGS, out);
      return flags;
    }
    case FS_IOC_FSGETXATTR:
      return get<struct fsxattr>(fd.get(), FS_IOC_FSGETXATTR, out);
    case FS_IOC_FSSETXATTR:
      return set_extended(r, fd.get());
    default:
      return set_flags(r, fd.get());
  }
}

}  // namespace sluice::mirror
