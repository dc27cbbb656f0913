// SPDX-License-Identifier: MIT
// A mount that one process makes and another one serves.
//
// Where the tree of mounts belongs to somebody else (a mount namespace in which a command runs), or
// where only one process may mount there (a user namespace takes privileges from each new program),
// the process that mounts is not the one that should serve. It hands the device over a socket.
#pragma once

#include "sluice/mount/mounted.h"

namespace sluice::mount {

// Gives the device to whoever calls receive() at the other end of `socket` (SOCK_STREAM). The mount
// stays in place when this process ends: it ends with its namespace, or is somebody's to unmount.
// errors   EPIPE nobody is at the other end.
Result<void, Error> hand_over(Mounted mounted, const Fd& socket);

// Waits for what hand_over() sends. What it gives serves the mount, and never unmounts it.
// errors   ECONNRESET the other end was closed, so no mount will come; EPROTO it sent other things.
Result<Mounted, Error> receive(const Fd& socket);

}  // namespace sluice::mount
