// SPDX-License-Identifier: MIT
// The detectors that come with Sluice: tokens and keys in the forms that their issuers publish, and
// assignments to names such as `password`. All matches have a longest length.
#pragma once

#include "sluice/inspect/rules.h"

namespace sluice::inspect {

// The set's name in policies.
inline constexpr const char* kBuiltin = "builtin";

// Gives the set, named `builtin`. It compiles; a test says so.
RuleSet builtin_rules();

// The parts of it, by kind.
std::vector<Rule> builtin_services();     // cloud providers, code hosting, package registries, chat
std::vector<Rule> builtin_credentials();  // keys, tokens and passwords whoever issued them

}  // namespace sluice::inspect
