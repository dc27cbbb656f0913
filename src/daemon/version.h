// SPDX-License-Identifier: MIT
// Which version of the project this is.
#pragma once

#include <string_view>

namespace sluice::daemon {

// The project's version, such as "0.1.0".
std::string_view version() noexcept;

}  // namespace sluice::daemon
