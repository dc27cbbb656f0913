// SPDX-License-Identifier: MIT
// Git's deltas: an object as copies out of another one and literal bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "sluice/base/bytes.h"

namespace sluice::inspect {

// Gives what `delta` makes of `base`; nothing if it is malformed or would be larger than `most`.
// source: git Documentation/gitformat-pack.txt, "Deltified representation"
std::optional<std::vector<std::byte>> apply_delta(Bytes base, Bytes delta, std::size_t most);

}  // namespace sluice::inspect
