// SPDX-License-Identifier: MIT
// Private to content: what runs in the processes of `sluice-inspector`.
#pragma once

#include <vector>

#include "sluice/base/fd.h"
#include "sluice/content/engine.h"

namespace sluice::content {

// The whole life of the process that forks: takes the job from `control`, compiles, gives up what
// it has, and forks and ends workers as it is told, until the other end goes.
// returns  the process's exit status
int run_forker(Fd control);

// The whole life of a worker: answers questions on `line` until the other end goes, or says what it
// must not.
int run_worker(Fd line, const std::vector<const Engine*>& engines);

}  // namespace sluice::content
