// SPDX-License-Identifier: MIT
// Whether a directory is one in which rules by path cannot be kept name by name.
#pragma once

namespace sluice::daemon {

// Tells whether names in the directory have several spellings, as a mount would find it; true in
// doubt. fd: of the directory.
bool folds_names(int fd) noexcept;

}  // namespace sluice::daemon
