// SPDX-License-Identifier: MIT
// Policies to measure: large ones that change nothing, and one that looks into files.
#pragma once

#include <string>

namespace sluice::bench {

// Gives a policy of `rules` rules, of patterns of every shape, none of which matches a name that is
// measured with.
std::string policy_of(unsigned rules);

// Gives one that asks of each file what it contains, and shows `data` at the root redacted: of its
// bytes those that a manifest names, which lies in the folder of the policy as `kManifestName`.
std::string contents_policy();
std::string contents_manifest();
inline constexpr const char* kManifestName = "ranges.tsv";

}  // namespace sluice::bench
