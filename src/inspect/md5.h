// SPDX-License-Identifier: MIT
// MD5, which some formats have as a checksum of metadata; nothing here relies on it for more.
#pragma once

#include <array>
#include <string>

#include "sluice/base/bytes.h"

namespace sluice::inspect {

// Gives the sum; zeros where this machine does not offer MD5.
std::array<std::byte, 16> md5_of(Bytes bytes) noexcept;

// Gives the sum as 32 digits in upper case.
std::string md5_text(Bytes bytes);

}  // namespace sluice::inspect
