// SPDX-License-Identifier: MIT
// Covers the other ways to the files of the views, in the stage's mount namespace.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/confine/ways.h"

namespace sluice::confine {

// Puts the view over each other way that shows just the same, and nothing (an empty directory)
// where files of others are mixed in, or where the view hides that part; until none is open.
// views    where the views are mounted by now
// before   the mounts from before they were
// returns  a line for each
// errors   EBUSY a way cannot be covered: it is `/`, or above a view;
//          EINVAL nothing is mounted over a view
Result<std::vector<std::string>, Error> cover_ways(std::span<const std::string> views,
                                                   std::span<const Target> targets,
                                                   std::span<const mount::MountEntry> before);

// Covers mounts of /proc elsewhere: they show processes that are not the command's.
Result<void, Error> cover_other_procs();

}  // namespace sluice::confine
