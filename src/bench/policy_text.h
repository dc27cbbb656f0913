// SPDX-License-Identifier: MIT
// Policies that are large and change nothing, to see what rules cost.
#pragma once

#include <string>

namespace sluice::bench {

// Gives a policy of `rules` rules, of patterns of every shape, none of which matches a name that is
// measured with.
std::string policy_of(unsigned rules);

}  // namespace sluice::bench
