// SPDX-License-Identifier: MIT
#include "sluice/mirror/attributes.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

namespace sluice::mirror {
namespace {

constexpr unsigned kMntIdMask = 0x1000;  // STATX_MNT_ID

fuse::Time to_time(const struct statx_timestamp& time) noexcept {
  return {time.tv_sec, time.tv_nsec};
}

wire::SxTime to_sx(const struct statx_timestamp& time) noexcept {
  wire::SxTime out{};
  out.tv_sec = time.tv_sec;
  out.tv_nsec = time.tv_nsec;
  return out;
}

}  // namespace

Result<struct statx> stat_fd(int fd) noexcept {
  struct statx stat {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME | kMntIdMask, &stat) != 0) {
    return fail_last();
  }
  return stat;
}

dev_t device_of(const struct statx& stat) noexcept {
  return makedev(stat.stx_dev_major, stat.stx_dev_minor);
}

NodeKind kind_of(const struct statx& stat) noexcept {
  switch (stat.stx_mode & S_IFMT) {
    case S_IFREG: return NodeKind::regular;
    case S_IFDIR: return NodeKind::directory;
    case S_IFLNK: return NodeKind::symlink;
    default: return NodeKind::other;
  }
}

fuse::Attr to_attr(const struct statx& stat, std::uint64_t ino) noexcept {
  fuse::Attr attr;
  attr.ino = ino;
  attr.size = stat.stx_size;
  attr.blocks = stat.stx_blocks;
  attr.atime = to_time(stat.stx_atime);
  attr.mtime = to_time(stat.stx_mtime);
  attr.ctime = to_time(stat.stx_ctime);
  attr.mode = stat.stx_mode;
  attr.nlink = stat.stx_nlink;
  attr.uid = Uid{stat.stx_uid};
  attr.gid = Gid{stat.stx_gid};
  attr.rdev = fuse::pack_device(makedev(stat.stx_rdev_major, stat.stx_rdev_minor));
  attr.blksize = stat.stx_blksize;
  return attr;
}

wire::Statx to_wire_statx(const struct statx& stat, std::uint64_t ino) noexcept {
  wire::Statx out{};
  out.mask = stat.stx_mask & (STATX_BASIC_STATS | STATX_BTIME);
  out.blksize = stat.stx_blksize;
  out.attributes = stat.stx_attributes;
  out.nlink = stat.stx_nlink;
  out.uid = stat.stx_uid;
  out.gid = stat.stx_gid;
  out.mode = stat.stx_mode;
  out.ino = ino;
  out.size = stat.stx_size;
  out.blocks = stat.stx_blocks;
  out.attributes_mask = stat.stx_attributes_mask;
  out.atime = to_sx(stat.stx_atime);
  out.btime = to_sx(stat.stx_btime);
  out.ctime = to_sx(stat.stx_ctime);
  out.mtime = to_sx(stat.stx_mtime);
  out.rdev_major = stat.stx_rdev_major;
  out.rdev_minor = stat.stx_rdev_minor;
  out.dev_major = stat.stx_dev_major;
  out.dev_minor = stat.stx_dev_minor;
  return out;
}

}  // namespace sluice::mirror
