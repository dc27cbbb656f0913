// SPDX-License-Identifier: MIT
// The life of one mount in a process: worker threads serve it, and the calling thread waits until
// it is unmounted, by whomever, or until a signal asks to stop; then it is unmounted here.
//
// Unmounting is asked of a kernel that may still have to write back through us, so the workers go
// on meanwhile. A mount that is in use is taken out of the tree, its users get a short grace, and
// then it is cut off: a daemon that does not go when it is told to is of use to nobody.
#pragma once

#include <chrono>
#include <functional>

#include "sluice/channel/dev_connection.h"
#include "sluice/channel/stop_signals.h"
#include "sluice/fuse/session.h"
#include "sluice/fuse/workers.h"
#include "sluice/mount/mounted.h"

namespace sluice::channel {

// What serve_mount() works with; all borrowed for the call.
struct Served {
  fuse::Session& session;
  DevConnection& connection;
  mount::Mounted& mounted;
  StopSignals& stop;
  fuse::WorkerOptions workers = {};
  // Called once from the calling thread when INIT is settled; an error ends it all. May be empty.
  std::function<Result<void, Error>()> settled = {};
  // Told what a person should know while it goes on. May be empty.
  std::function<void(const Error&)> report = {};
};

// How long the kernel may take to send INIT, which it does at once.
inline constexpr std::chrono::seconds kSettleLimit{10};
// How long the users of a mount that was taken out of the tree have before they are cut off. A
// second signal cuts it short.
inline constexpr std::chrono::seconds kGrace{2};

// Serves until the mount is gone. On every way out it is unmounted and its workers have ended;
// should one be stuck in a lower file system that does not answer, the process exits instead.
// errors   EPROTO the kernel or the file system refused the terms (INIT); ETIMEDOUT no INIT came;
//          EAGAIN no thread could be started; what the connection failed with; those of settled().
Result<void, Error> serve_mount(const Served& served);

}  // namespace sluice::channel
