// SPDX-License-Identifier: MIT
// Which flags a mount over a lower tree has to inherit, and from where.
//
// A file that is opened natively is opened by the kernel without the checks of the lower mount: a
// setuid program below a nosuid mount would gain its bit again through ours. So ours takes the
// strictest of all mounts that can be reached through it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::mount {

// Gives the flags of the mount that `fd` lies on; read_only also when its file system is so, and
// strict_atime when there is neither no_atime nor relatime. `fd` may be O_PATH.
// errors: EBADF; on a FUSE lower, what its daemon answers to STATFS, for which this waits.
Result<Flags<MountFlag>, Error> flags_of(int fd);

struct Demand {
  MountFlag flag;
  std::string mount_point;  // the first, in order of the list, that demands it
};

struct Strictest {
  Flags<MountFlag> flags;
  std::vector<Demand> demands;  // one for each flag that is set

  // Gives the mount point that demanded `flag`; empty if none did.
  std::string_view demanded_by(MountFlag flag) const noexcept;
};

// Gives the union of no_suid, no_dev, no_exec, no_atime, no_dir_atime and no_symfollow over the
// mount that holds `path` and all that can be reached below it. Not read_only: a mount below that
// is read-only refuses writers itself when they open; take that one from flags_of(source).
// path     absolute, without symbolic links, as mountinfo shows it (realpath).
Strictest strictest_below(std::string_view path, std::span<const MountEntry> mounts);

}  // namespace sluice::mount
