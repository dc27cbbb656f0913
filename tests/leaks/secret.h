// SPDX-License-Identifier: MIT
// What the leak tests' secrets are, the policy that keeps them, and whom it is for.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace sluice::leaks {

enum class Mode { bound, apart };

inline constexpr uid_t kOwner = 1001;
inline constexpr uid_t kAgent = 1002;

// The policy with a rule for each axis, but for the line of its version.
std::string policy_for(Mode mode);

// Becomes a user who may still do all that capabilities allow; for a process of its own.
void become(uid_t uid);

// Tells whether 16 bytes of the marker in a row are among those that were got.
bool has_part_of(std::string_view marker, std::string_view bytes);
// All that a file below is, as text: that it is there, its bytes, modes, times, attributes, flags.
std::string state_of(const std::string& path);
std::string random_marker();
std::string contents_of(std::string_view marker, std::size_t size);

const char* name_of(Mode mode);

}  // namespace sluice::leaks
