// SPDX-License-Identifier: MIT
// The daemon: joins the rooms into one mounted mirror and serves it.
#pragma once

#include "sluice/daemon/config.h"

namespace sluice::daemon {

// Mounts as `config` says and serves until unmounted or told to stop. In the background, only the
// process that serves comes back from this. All that a person should know is told on standard
// error. returns  an exit status: 0 mounted, and unmounted again; 1 it failed.
int run(const Config& config);

}  // namespace sluice::daemon
