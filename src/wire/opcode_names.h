// SPDX-License-Identifier: MIT
// The names by which people know the protocol's operations.
#pragma once

#include <string_view>

#include "sluice/wire/protocol.h"

namespace sluice::wire {

// Gives the kernel's name without FUSE_, such as "LOOKUP"; empty for a number without an operation.
std::string_view name(Opcode opcode) noexcept;

}  // namespace sluice::wire
