// SPDX-License-Identifier: MIT
// Git's objects: loose ones, and packs with their index. Blobs, commits and tags are scanned;
// trees are not, they hold names.
// source: git Documentation/gitformat-pack.txt
#pragma once

#include "sluice/inspect/containers.h"

namespace sluice::inspect {

// Looks into a pack. `index` is the bytes of the .idx file beside it (version 2), by which deltas
// against objects named by their hash are resolved; without it such deltas are `unsupported`.
// A finding's member is the offset of its object in the pack, in decimal, or its hash in hex.
Contents look_inside_pack(Bytes pack, Bytes index, std::string_view path, Scanner& scanner,
                          Budget& budget, const ContainerLimits& limits = {}) noexcept;

}  // namespace sluice::inspect
