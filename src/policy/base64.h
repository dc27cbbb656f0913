// SPDX-License-Identifier: MIT
// Base64, for the bytes of files in a policy's tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::policy {

// Gives the bytes; blanks and line ends between the letters do not count. Nothing for text that is
// not base64 with its padding.
// source: RFC 4648, section 4
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sluice::policy
