// SPDX-License-Identifier: MIT
#include "sluice/fuse/attr.h"

#include <sys/sysmacros.h>

namespace sluice::fuse {
namespace {

Time to_time(const timespec& time) noexcept {
  return {time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec)};
}

}  // namespace

std::uint32_t pack_device(dev_t device) noexcept {
  const std::uint32_t number = minor(device);
  return (number & 0xff) | (major(device) << 8) | ((number & ~0xffU) << 12);
}

dev_t unpack_device(std::uint32_t packed) noexcept {
  return makedev((packed & 0xfff00) >> 8, (packed & 0xff) | ((packed >> 12) & 0xfff00));
}

Attr Attr::of(const struct stat& stat) noexcept {
  Attr attr;
  attr.ino = stat.st_ino;
  attr.size = static_cast<std::uint64_t>(stat.st_size);
  attr.blocks = static_cast<std::uint64_t>(stat.st_blocks);
  attr.atime = to_time(stat.st_atim);
  attr.mtime = to_time(stat.st_mtim);
  attr.ctime = to_time(stat.st_ctim);
  attr.mode = stat.st_mode;
  attr.nlink = static_cast<std::uint32_t>(stat.st_nlink);
  attr.uid = Uid{stat.st_uid};
  attr.gid = Gid{stat.st_gid};
  attr.rdev = pack_device(stat.st_rdev);
  attr.blksize = static_cast<std::uint32_t>(stat.st_blksize);
  return attr;
}

}  // namespace sluice::fuse
