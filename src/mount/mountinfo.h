// SPDX-License-Identifier: MIT
// The mounts of this process's mount namespace, from /proc/self/mountinfo.
//
// The one way to learn about a FUSE mount that asks nothing of its daemon: reading this file sends
// no request, whereas even stat(2) of a mount point can wait for a daemon for ever.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/flags.h"
#include "sluice/base/result.h"
#include "sluice/mount/options.h"

namespace sluice::mount {

// One line of mountinfo, its octal escapes decoded. source: proc_pid_mountinfo(5)
struct MountEntry {
  std::int64_t id = 0;  // reused once the mount is gone
  std::int64_t parent_id = 0;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::string root;         // what of the file system is mounted; "/" unless a bind mount
  std::string mount_point;  // as this process's root directory sees it
  Flags<MountFlag> flags;   // of this mount alone; words without a MountFlag are left out
  std::string fs_type;
  std::string source;
  std::string super_options;  // of the file system, shared by all its mounts

  dev_t st_dev() const noexcept;

  // Tells whether a FUSE daemon answers for it: type fuse, fuseblk, fuse.X or fuseblk.X.
  bool is_fuse() const noexcept;

  // Gives the N of /sys/fs/fuse/connections/N; of use for FUSE mounts only.
  // source: linux fs/fuse/control.c fuse_ctl_add_conn()
  std::uint32_t connection() const noexcept;

  // Gives a value of super_options, such as that of "user_id"; borrowed from this entry.
  std::optional<std::string_view> super_option(std::string_view key) const noexcept;
};

// Gives the mounts that `text` lists, in its order. Lines that are not mounts are passed over, and
// an escape that is none is kept as it stands; so there is no error.
std::vector<MountEntry> parse_mountinfo(std::string_view text);

// Gives the mounts that this process can see. errors: ENOENT no /proc here.
Result<std::vector<MountEntry>, Error> list_mounts();

// Gives the mount that a walk to `path` ends in: the topmost of stacked ones, and none that
// another mount hides. `path` is absolute and has no symbolic links, `.` or `..`.
// returns  a pointer into `mounts`, or null if none of them leads there.
const MountEntry* mount_of(std::string_view path, std::span<const MountEntry> mounts) noexcept;

// Gives the topmost mount whose mount point is `path` itself, or null.
const MountEntry* mount_at_point(std::string_view path,
                                 std::span<const MountEntry> mounts) noexcept;

// Tells whether `path` is `ancestor` or lies below it; compares whole components of both.
bool is_at_or_below(std::string_view path, std::string_view ancestor) noexcept;

}  // namespace sluice::mount
