// SPDX-License-Identifier: MIT
// Which mount of ours a path leads to, and who serves it; without a request to that daemon.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/control/client.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::cli {

// Gives the mount of ours that `path` lies in.
// errors   ENOENT; ENOTCONN it lies below a dead mount; EINVAL it lies in no mount of ours.
Result<mount::MountEntry, Error> find_mount(const std::string& path);

// Gives all mounts of ours that this process can see.
Result<std::vector<mount::MountEntry>, Error> our_mounts();

// Connects to the daemon of a mount. errors: as Asking::mount().
Result<control::Asking> connect(const mount::MountEntry& mount);

}  // namespace sluice::cli
