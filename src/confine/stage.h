// SPDX-License-Identifier: MIT
// The stage: the process in whose mount namespace everything is mounted that the command will see.
// It stays outside the command's namespaces, and waits for the command's init.
#pragma once

#include <vector>

#include "sluice/confine/descriptors.h"
#include "sluice/confine/line.h"
#include "sluice/confine/plan.h"
#include "sluice/confine/signals.h"

namespace sluice::confine {

// What the caller's process has found out before it forks.
struct Prepared {
  std::vector<std::string> environment;
  std::string directory;
  std::vector<Place> places;  // of the views, before anything is mounted over them
  Standards standards;
  pid_t caller = 0;
};

// Runs in the forked child and never comes back.
[[noreturn]] void run_stage(const Plan& plan, const Hooks& hooks, const Prepared& prepared,
                            const HeldSignals& signals, Line line);

}  // namespace sluice::confine
