// SPDX-License-Identifier: MIT
// What is told to people when something goes wrong or is switched off.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/error.h"
#include "sluice/mirror/features.h"

namespace sluice::daemon {

// Writes "sluice: `line`" to standard error. Control characters, which names of files may have, are
// written as \ooo, so that what is told is one line and no terminal obeys it.
void tell(std::string_view line);

// Tells what is wrong with a command line, and where to read more: the help of `command`.
void tell_usage(const Error& error, std::string_view command);

// Gives `text` with its control characters written as \ooo.
std::string printable(std::string_view text);

// Gives the line for a feature that is off: "passthrough is off: why; cost".
std::string line_of(const mirror::Feature& feature);

}  // namespace sluice::daemon
