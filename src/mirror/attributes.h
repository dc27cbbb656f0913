// SPDX-License-Identifier: MIT
// Between what statx(2) says of a lower file and what the protocol shows of a node.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "sluice/base/result.h"
#include "sluice/fuse/answers.h"
#include "sluice/mirror/lower_mounts.h"
#include "sluice/mirror/node_slot.h"

namespace sluice::mirror {

// Everything that an answer may need, in one call: the basics, the birth time, the mount's id.
// fd may be O_PATH. errors: those of statx(2).
Result<struct statx> stat_fd(int fd) noexcept;

dev_t device_of(const struct statx& stat) noexcept;
NodeKind kind_of(const struct statx& stat) noexcept;

// `ino` is what the mount shows: map_ino().
fuse::Attr to_attr(const struct statx& stat, std::uint64_t ino) noexcept;
wire::Statx to_wire_statx(const struct statx& stat, std::uint64_t ino) noexcept;

}  // namespace sluice::mirror
