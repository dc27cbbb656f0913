// SPDX-License-Identifier: MIT
// The report as one JSON object, with every round's value: for baselines and other people's tools.
#pragma once

#include <string>

#include "sluice/bench/report.h"

namespace sluice::bench {

// Gives the object, indented. Text that is no UTF-8 has its wrong bytes replaced.
std::string as_json(const Report& report);

}  // namespace sluice::bench
