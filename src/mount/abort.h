// SPDX-License-Identifier: MIT
// Private to mount: aborting in two steps, so that what was opened cannot become another
// connection in between. Numbers are reused at once; an open control file stays with the one it was
// opened for, and writing to it after that has gone does nothing.
#pragma once

#include <cstdint>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::mount {

// Gives the control file of connection `number`. errors: those of abort_connection().
Result<Fd> open_abort(std::uint32_t number);

// Aborts the connection that `control` was opened for, if it is still there.
Result<void> abort_by(const Fd& control) noexcept;

}  // namespace sluice::mount
