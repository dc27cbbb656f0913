// SPDX-License-Identifier: MIT
// What `check` tells about a policy that loads: rules that do nothing, subjects that nothing here
// can prove, how many places there may be; and the policy's own tests.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "sluice/policy/looker.h"
#include "sluice/policy/program.h"

namespace sluice::policy {

struct TestResult {
  const Test* test = nullptr;  // in the program's document
  bool passed = false;
  // What was expected and what came instead, one line for each that differs; empty if passed.
  std::vector<std::string> differences;
};

// Runs the [[test]]s of the program's document, in their order. Those that have a `file` fail where
// there is nothing to look into it with.
std::vector<TestResult> run_tests(const Program& program, Looker* looker = nullptr);
// Gives "FILE:LINE:COLUMN: test of `PATH` as `WHO`: expected ..., got ..." for each that failed.
Diagnostics failures_of(const Program& program, const std::vector<TestResult>& results);

// Gives warnings for rules that cannot match anything, and for those that can never win because
// stricter ones cover them. Rules for which that cannot be found out within a bound are not named.
Diagnostics dead_rules(const Program& program);

// Gives warnings for imports and detectors of the policy's own file that no rule asks for.
Diagnostics unused_sets(const Program& program);

// Gives warnings for subjects that rules name and that `provable` says cannot be proved here.
Diagnostics unprovable(const Program& program,
                       const std::function<bool(const SubjectSpec&)>& provable);

// How many directory places a hostile tree could ask for.
struct Estimate {
  std::size_t places = 0;  // counted as far as the bound
  bool exact = false;      // false: there are more
};
Estimate count_places(const Program& program, std::size_t bound = 10000);

}  // namespace sluice::policy
