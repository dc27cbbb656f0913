// SPDX-License-Identifier: MIT
// The first process of the command's PID namespace.
#pragma once

#include "sluice/base/fd.h"
#include "sluice/confine/stage.h"

namespace sluice::confine {

// Runs in the forked child and never comes back. `stage` is a socket to the stage, over which the
// two agree on when the id maps are written: one byte each way.
[[noreturn]] void run_init(const Plan& plan, const Prepared& prepared, const HeldSignals& signals,
                           Line line, Fd stage);

// One byte to the other side; one byte from it. False when it is gone.
bool tell(const Fd& peer) noexcept;
bool await(const Fd& peer) noexcept;

}  // namespace sluice::confine
