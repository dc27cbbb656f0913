// SPDX-License-Identifier: MIT
// Private to mount: the two ways that need CAP_SYS_ADMIN.
#pragma once

#include <string>

#include "identity.h"
#include "sluice/base/fd.h"
#include "sluice/base/result.h"
#include "sluice/mount/options.h"

namespace sluice::mount {

// Where to mount. `path` is for messages and for finding the mount again; it is reached by `fd`.
struct Target {
  int fd = -1;             // O_PATH, borrowed
  std::string path;        // as /proc shows it: absolute, no symbolic links
  std::uint32_t mode = 0;  // S_IFDIR or S_IFREG, which the root of the mount takes over
};

struct Attached {
  Fd device;
  Identity identity;
};

// Both: errors ENOSYS, EPERM this way is closed to this process, another may not be; all others
// are final.
Result<Attached, Error> attach_by_new_api(const Options& options, const Target& target);
Result<Attached, Error> attach_by_mount_call(const Options& options, const Target& target);

// Gives the identity of the FUSE mount that has just been made at `target` for `device`.
// errors: EBUSY another mount was put over it meanwhile.
Result<Identity, Error> find_attached(const Target& target, const Fd& device);

}  // namespace sluice::mount
