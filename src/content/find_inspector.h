// SPDX-License-Identifier: MIT
// Where `sluice-inspector` is: relative to the program that runs, as for all our programs.
#pragma once

#include <string>

#include "sluice/base/result.h"

namespace sluice::content {

// Gives the path: beside this program, in ../libexec/sluice, or in the build tree. errors: ENOENT.
Result<std::string, Error> find_inspector();

}  // namespace sluice::content
