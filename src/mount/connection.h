// SPDX-License-Identifier: MIT
// The kernel's own handle on a FUSE connection: the way to end one whose daemon does not answer.
#pragma once

#include <chrono>
#include <cstdint>

#include "sluice/base/result.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::mount {

// Ends connection `number`, as MountEntry::connection() gives it: all who wait for the daemon wake
// with an error, and every later request fails at once. The mount itself stays where it is.
// Works where fusectl is not mounted too, for callers with CAP_SYS_ADMIN.
// errors   ENOENT no such connection; EACCES another user's; EPERM fusectl is not mounted, and we
//          may not; ENODEV the kernel has none.
// source   linux fs/fuse/control.c fuse_conn_abort_write()
Result<void, Error> abort_connection(std::uint32_t number);

// What became of a mount's daemon.
enum class Liveness {
  answers,
  dead,     // its device is closed or its connection aborted: all there fails at once
  silent,   // no answer within the limit
  unknown,  // it lets neither us nor, if we are root, its owner in; or we could not ask
};

// Asks the daemon for the attributes of the mount's root, and waits no longer than `limit`.
// The question is put by a child process, since one that has been sent cannot be taken back: if
// the daemon is silent, the child is killed and ends when the daemon answers, dies or is aborted.
// The child holds no descriptor of this process meanwhile.
Liveness probe(const MountEntry& mount, std::chrono::milliseconds limit);

inline constexpr std::chrono::milliseconds kProbeLimit{2000};

}  // namespace sluice::mount
