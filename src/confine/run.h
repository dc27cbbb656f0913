// SPDX-License-Identifier: MIT
// Runs a command without capabilities in user, mount, PID and IPC namespaces of its own.
//
//   caller   (outside)  waits, passes signals on, gives the status back
//     stage  (outside)  own mount namespace: all mounts of the command are made here
//       init (inside)   pid 1: mounts /proc, locks, gives up every privilege, reaps
//         command
//
// Everything is mounted in the stage's namespaces. Then init unshares a user and a mount namespace
// once more, and mounts nothing there: the kernel locks every mount that it copies for a user
// namespace with fewer privileges, so that none can be taken away or taken apart, whatever the
// command manages to become (mount_namespaces(7)). Capabilities and the mount calls are gone as
// well; the lock is there for the case that they come back.
//
// Not kept from the command: the network, and with it services that listen on it; single files that
// have a hard link outside every view; sockets that are bound after the start elsewhere than in the
// folders known for them; what its uid may read outside of views and, unless it is 0, write there.
#pragma once

#include "sluice/base/result.h"
#include "sluice/confine/plan.h"

namespace sluice::confine {

// Runs the plan's command to its end.
// Call it in a process with one thread: it forks, blocks signals while it waits, and the stage runs
// Hooks::mount_views in the fork. A server of a view must be another process, in a process group
// of its own, or Ctrl-Z would stop it together with the command.
// Terminal, session and process group pass through: keys reach the command from the kernel; signals
// sent to the calling process alone are sent on to it; when it stops, the calling process stops too.
// If the calling process is killed, all that it started here is killed.
// errors  EPERM  user namespaces are not allowed here, or a mount was refused
//         EBUSY  another way to a view's files cannot be covered
//         EINVAL the plan: no command, a view or directory that is not absolute, a bad descriptor
//         EBADF  standard input, output or error leads around a view
//         ETIMEDOUT  Plan::start_limit;  what Hooks::mount_views answered
//         ENOENT, EACCES  the working directory does not exist inside, or is not allowed
Result<Ended, Error> run(const Plan& plan, const Hooks& hooks);

}  // namespace sluice::confine
