// SPDX-License-Identifier: MIT
// Numbers with units, and bytes as text, as policies write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::policy {

// Gives the bytes of `64MiB` and the like: a whole number and B, KiB, MiB or GiB.
std::optional<std::uint64_t> measure_size(std::string_view text) noexcept;
// Gives the milliseconds of `200ms`, `2s`, `1min`.
std::optional<std::uint64_t> measure_time(std::string_view text) noexcept;

// Gives the bytes; blanks and line ends between count for nothing.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sluice::policy
