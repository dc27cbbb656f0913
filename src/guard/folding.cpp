// SPDX-License-Identifier: MIT
#include "sluice/guard/folding.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sluice/base/fd.h"
#include "sluice/mirror/proc_path.h"

#ifndef FS_CASEFOLD_FL
#define FS_CASEFOLD_FL 0x40000000
#endif

namespace sluice::guard {
namespace {

// File systems that compare names without case, or give short ones beside the long.
// source: linux include/uapi/linux/magic.h, and each file system's own headers
constexpr std::array<unsigned long, 9> kFolding{
    0x4d44,      // msdos, vfat
    0x2011bab0,  // exfat
    0x5346544e,  // ntfs
    0x7366746e,  // ntfs3
    0xff534d42,  // cifs
    0xfe534d42,  // smb2
    0x517b,      // smb
    0x482b,      // hfsplus
    0x786f4256,  // vboxsf
};

}  // namespace

bool folds_names(int fd) noexcept {
  struct statfs fs {};
  if (::fstatfs(fd, &fs) != 0) return true;
  const auto type = static_cast<unsigned long>(fs.f_type) & 0xffffffffUL;
  if (std::ranges::find(kFolding, type) != kFolding.end()) return true;
  const Fd directory{
      ::open(mirror::ProcPath{fd}.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)};
  if (!directory) return true;
  int flags = 0;
  if (::ioctl(directory.get(), FS_IOC_GETFLAGS, &flags) != 0) return false;  // has no such flags
  return (static_cast<unsigned>(flags) & FS_CASEFOLD_FL) != 0;
}

}  // namespace sluice::guard
