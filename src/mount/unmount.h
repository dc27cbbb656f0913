// SPDX-License-Identifier: MIT
// Unmounting by path, whatever state the daemon is in.
//
// stat(2) of a mount whose daemon hangs never comes back, so the path is never stat'ed: it is
// resolved without asking any FUSE file system, and looked for among the mounts.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/mount/mounted.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::mount {

// Whether a daemon that lives may be cut off: what is open there fails, and what was not written
// yet is lost.
enum class Force { no, yes };

// Unmounts the topmost FUSE mount at `path`. One that is in use is let go only if its daemon is
// dead or with Force::yes: then its connection is aborted, which frees all who wait for it, and the
// mount is taken out of the tree.
// Without Force::yes the kernel may wait for a living daemon to take what is to be written back.
// path     may be relative, and lead over symbolic links.
// errors   EINVAL no mount point, or not of FUSE; ENOENT; EBUSY in use, or its daemon is silent;
//          EPERM another user's; ENOENT fusermount3 is needed and missing.
Result<void, Error> unmount(std::string_view path, Force force = Force::no);

}  // namespace sluice::mount
