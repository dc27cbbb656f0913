// SPDX-License-Identifier: MIT
#include "sluice/daemon/version.h"

namespace sluice::daemon {

std::string_view version() noexcept { return SLUICE_VERSION; }  // from the build

}  // namespace sluice::daemon
