// SPDX-License-Identifier: MIT
// The daemon: joins the rooms into one mounted mirror and serves it.
#pragma once

#include "sluice/daemon/config.h"
#include "sluice/daemon/handed.h"

namespace sluice::daemon {

// Mounts as `config` says and serves until unmounted or told to stop. In the background, only the
// process that serves comes back from this. All that a person should know is told on standard
// error. returns  an exit status: 0 mounted, and unmounted again; 1 it failed.
int run(const Config& config);

// Serves a mount that the calling process's parent makes; what of `config` says where and by which
// policy is for messages only. To be called in a fork, with one thread: it makes the process its own
// session and closes all that it does not need. Comes back when the mount has ended or the parent
// wants it to. returns  an exit status, as run().
int serve(const Config& config, Handed handed);

}  // namespace sluice::daemon
