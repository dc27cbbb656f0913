// SPDX-License-Identifier: MIT
#include "take_down.h"

#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>

#include "fusermount.h"

namespace sluice::mount {
namespace {

// The daemon, or another who unmounts, may have been faster.
bool is_still_there(const MountEntry& mount) {
  const auto mounts = list_mounts();
  if (!mounts) return true;
  return std::ranges::any_of(*mounts, [&](const MountEntry& entry) {
    return entry.id == mount.id && entry.st_dev() == mount.st_dev();
  });
}

Result<void, Error> try_to_take_down(const MountEntry& mount, Detach detach) {
  const int flags = UMOUNT_NOFOLLOW | (detach == Detach::yes ? MNT_DETACH : 0);
  if (::umount2(mount.mount_point.c_str(), flags) == 0) return {};
  const Errno cause = Errno::last();
  if (cause == Errno{EPERM} && ::geteuid() != 0) {
    return fusermount_unmount(mount.mount_point, detach);
  }
  return fail(Error::of("cannot unmount `" + mount.mount_point + "`", cause));
}

}  // namespace

Result<void, Error> take_down(const MountEntry& mount, Detach detach) {
  auto done = try_to_take_down(mount, detach);
  if (!done && !is_still_there(mount)) return {};
  return done;
}

}  // namespace sluice::mount
