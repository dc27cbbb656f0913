// SPDX-License-Identifier: MIT
// Where a run was made, for the record: without it no number means anything.
#pragma once

#include <string>

#include "sluice/bench/report.h"

namespace sluice::bench {

// Gives all but fio's and Sluice's versions; what cannot be found out stays "unknown" or 0.
// lower_path   the directory that is measured.
Environment look_around(const std::string& lower_path);

}  // namespace sluice::bench
