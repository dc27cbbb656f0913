// SPDX-License-Identifier: MIT
// Whether this machine can prove that a caller is who a policy speaks of. A rule for somebody whom
// nothing proves would do nothing, silently: for a mount that is an error.
#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/policy/check.h"

namespace sluice::daemon {

// What must be proved.
enum class Callers {
  bound,       // nobody: every caller is one subject, by `--as`
  told_apart,  // everybody whom a rule names, for each request
  unsaid,      // it is not known how the policy will be used; `run_as` proves
};

// Gives a line for each thing by which a subject of the policy is known and that is not here:
// users, groups, executables, control groups; for Callers::told_apart also subjects that nothing
// but `run_as` proves. Only subjects that rules name.
policy::Diagnostics unproved(const policy::Document& document, Callers callers,
                             policy::Severity severity);

// Gives the declared subject (or "anyone", "unknown") that `--as NAME` means: its own name, or what
// its `run_as` says.
// errors   EINVAL there is none; the line says which there are.
Result<std::string, Error> subject_for(const policy::Program& program, const std::string& name);

}  // namespace sluice::daemon
