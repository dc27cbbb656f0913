// SPDX-License-Identifier: MIT
// Running a way in a process of its own, so that it may become somebody else, and end in any way.
#pragma once

#include <functional>

#include "way.h"

namespace sluice::leaks {

// Runs `change`, to become who is to do it, and then `run` in a child, for 30 seconds at most;
// gives what that gave. Of one that was ended by a signal the error is its number, negative.
Got in_child(const std::function<void()>& change, const std::function<Got()>& run);

}  // namespace sluice::leaks
