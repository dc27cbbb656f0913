// SPDX-License-Identifier: MIT
#include "sluice/base/fd.h"

#include <fcntl.h>

namespace sluice {

Result<Fd> Fd::duplicate() const noexcept { return own(::fcntl(fd_, F_DUPFD_CLOEXEC, 3)); }

}  // namespace sluice
