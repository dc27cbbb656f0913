// SPDX-License-Identifier: MIT
// Private to mount: the setuid program fusermount3, which mounts and unmounts for ordinary users.
// It hands the mounted device over a socket that it inherits. source: fusermount3(1)
#pragma once

#include <string>

#include "sluice/base/fd.h"
#include "sluice/mount/mounted.h"

namespace sluice::mount {

// Mounts on `mountpoint` and gives the device. Of the flags, nodiratime, relatime and strictatime
// are left out, since that program does not know them.
// errors   ENOENT it is not installed; EPERM allow_other without user_allow_other; EACCES what the
//          user may not mount on; ETIMEDOUT; EINVAL no_symfollow; else EIO with its own words.
Result<Fd, Error> fusermount(const Options& options, const std::string& mountpoint);

// Unmounts what the calling user has mounted.
// errors   ENOENT it is not installed; EBUSY; EPERM another user's; ETIMEDOUT; else EIO.
Result<void, Error> fusermount_unmount(const std::string& mountpoint, Detach detach);

// Gives the text after `-o`; its own function so that the escapes can be tested.
std::string fusermount_options(const Options& options);

}  // namespace sluice::mount
