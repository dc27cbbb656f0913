// SPDX-License-Identifier: MIT
// Private to mount: the system call of unmounting, or the program that stands in for it.
#pragma once

#include "sluice/base/result.h"
#include "sluice/mount/mounted.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::mount {

// Unmounts what is topmost at the entry's mount point, by umount2(2) or, where that is not allowed,
// fusermount3. No error if somebody else was faster.
// errors: EBUSY, EPERM, and those of fusermount_unmount().
Result<void, Error> take_down(const MountEntry& mount, Detach detach);

}  // namespace sluice::mount
