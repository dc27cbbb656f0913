// SPDX-License-Identifier: MIT
// The report as one page that needs nothing else: no script, no font, no picture from anywhere.
#pragma once

#include <string>

#include "sluice/bench/report.h"

namespace sluice::bench {

// Gives the page; readable in light and dark, and all text from outside is escaped.
std::string as_html(const Report& report);

}  // namespace sluice::bench
