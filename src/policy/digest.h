// SPDX-License-Identifier: MIT
// SHA-256, by which a compiled program is known to belong to a policy's text.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "sluice/base/bytes.h"

namespace sluice::policy {

using Digest = std::array<std::byte, 32>;

Digest digest_of(Bytes bytes) noexcept;
// Gives it in 64 hexadecimal digits.
std::string hex(const Digest& digest);

}  // namespace sluice::policy
