// SPDX-License-Identifier: MIT
// What requests that make files carry beside their arguments.
#pragma once

#include <optional>

#include "sluice/fuse/request.h"
#include "sluice/base/result.h"

namespace sluice::mirror {

// The supplementary group that matters for making a file here. errors: EIO malformed.
Result<std::optional<Gid>> supplementary_group(const fuse::Request& request) noexcept;

// Gives a file that was just made the security context the request asks for.
// errors: EIO malformed; those of setxattr(2), but not EOPNOTSUPP.
Result<void> label(int fd, const fuse::Request& request) noexcept;

}  // namespace sluice::mirror
