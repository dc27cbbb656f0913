// SPDX-License-Identifier: MIT
#include "sluice/mount/lower_flags.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::mount {
namespace {

using enum MountFlag;

constexpr unsigned long kStNoSymfollow = 0x2000;  // Linux 5.10; not yet in the C library's header

struct VfsBit {
  unsigned long bit;
  MountFlag flag;
};
constexpr std::array kVfsBits{
    VfsBit{ST_RDONLY, read_only},
    VfsBit{ST_NOSUID, no_suid},
    VfsBit{ST_NODEV, no_dev},
    VfsBit{ST_NOEXEC, no_exec},
    VfsBit{ST_NOATIME, no_atime},
    VfsBit{ST_NODIRATIME, no_dir_atime},
    VfsBit{ST_RELATIME, relatime},
    VfsBit{ST_SYNCHRONOUS, synchronous},
    VfsBit{kStNoSymfollow, no_symfollow},
};

constexpr std::array kInherited{no_suid, no_dev, no_exec, no_atime, no_dir_atime, no_symfollow};

}  // namespace

Result<Flags<MountFlag>, Error> flags_of(int fd) {
  struct statvfs answer {};
  const int result = retry_interrupted([&] { return ::fstatvfs(fd, &answer); });
  if (result != 0) {
    return fail(Error::of("cannot read the flags of the lower mount", Errno::last()));
  }
  Flags<MountFlag> flags;
  for (const VfsBit& entry : kVfsBits) flags.set(entry.flag, (answer.f_flag & entry.bit) != 0);
  // There is no bit for it: it is what the two others are not.
  flags.set(strict_atime, !flags.has(no_atime) && !flags.has(relatime));
  return flags;
}

std::string_view Strictest::demanded_by(MountFlag flag) const noexcept {
  const auto found = std::ranges::find(demands, flag, &Demand::flag);
  return found != demands.end() ? std::string_view{found->mount_point} : std::string_view{};
}

Strictest strictest_below(std::string_view path, std::span<const MountEntry> mounts) {
  Strictest strictest;
  const MountEntry* holder = mount_of(path, mounts);
  for (const MountEntry& entry : mounts) {
    const bool below = is_at_or_below(entry.mount_point, path) &&
                       mount_at_point(entry.mount_point, mounts) == &entry;
    if (&entry != holder && !below) continue;
    for (MountFlag flag : kInherited) {
      if (!entry.flags.has(flag) || strictest.flags.has(flag)) continue;
      strictest.flags.set(flag);
      strictest.demands.push_back({flag, entry.mount_point});
    }
  }
  return strictest;
}

}  // namespace sluice::mount
