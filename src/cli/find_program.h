// SPDX-License-Identifier: MIT
// Where our own programs are: relative to the one that runs, so that a build tree, an installation
// and a copy of it anywhere all find their own.
#pragma once

#include <string>

#include "sluice/base/result.h"

namespace sluice::cli {

// Gives the path of this program.
std::string own_program();

// Gives the path of sluiced: beside this program, in ../libexec/sluice, or in the build tree.
// errors: ENOENT.
Result<std::string, Error> find_daemon();

}  // namespace sluice::cli
