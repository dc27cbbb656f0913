// SPDX-License-Identifier: MIT
// The patterns' meaning written down a second time, as plainly as possible: by recursion over text,
// without tables or states. It knows nothing of the room's code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy::reference {

// Tells whether a pattern (with no `!`) matches this very path. Patterns must be well formed.
bool matches(std::string_view pattern, const std::vector<std::string>& names, bool directory);

// Tells whether a list of patterns, those with `!` subtracting, takes a path in: itself or a
// directory above it.
bool takes_in(const std::vector<std::string>& patterns, const std::vector<std::string>& names,
              bool directory);

// Splits at `/`.
std::vector<std::string> split(std::string_view path);

}  // namespace sluice::policy::reference
