// SPDX-License-Identifier: MIT
// The tests that stand in a policy, run with what there is here to look into files with.
#pragma once

#include <vector>

#include "sluice/policy/check.h"

namespace sluice::daemon {

// Gives the results of all [[test]]s; those that have a `file` are left out where nothing here can
// look into files.
std::vector<policy::TestResult> run_policy_tests(const policy::Program& program);

}  // namespace sluice::daemon
