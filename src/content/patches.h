// SPDX-License-Identifier: MIT
// Private to content: a redaction as bytes and back. What comes back is added patch by patch to a
// redaction of the file's size, so that whatever the bytes say stays within the file and within the
// memory that a redaction may take.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/inspect/redaction.h"

namespace sluice::content {

std::vector<std::byte> encode(const inspect::Redaction& redaction);
// errors  none: the bytes say something that is no redaction of a file of that size.
std::optional<inspect::Redaction> decode_redaction(Bytes code, std::uint64_t file_size);

// As many bytes as encode() gives at the most.
inline constexpr std::size_t kLongestPatches = std::size_t{48} << 20;

}  // namespace sluice::content
