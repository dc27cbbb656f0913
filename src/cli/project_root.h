// SPDX-License-Identifier: MIT
// Which directories a command is likely to touch: those that `sluice run` shows through a policy
// when it is not told.
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::cli {

// Gives the nearest directory at or above `directory` that looks like the root of a project (it has
// .git, .hg, .jj, .svn or a file that build tools begin with), or `directory` itself if none does.
// Never `/`, nor `home` or what is above it: those are too much to be a project. A missing `home`
// is empty.
std::string project_root(const std::string& directory, const std::string& home);

// Makes the list of directories to show from what was asked for (empty: the project around
// `directory`, and `home`): absolute, without symbolic links, each once, outer before inner.
// errors  what realpath(3) says of one; EINVAL one is `/`; ENOTDIR.
Result<std::vector<std::string>, Error> views_of(const std::vector<std::string>& asked,
                                                 const std::string& directory,
                                                 const std::string& home);

}  // namespace sluice::cli
