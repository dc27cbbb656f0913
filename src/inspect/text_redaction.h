// SPDX-License-Identifier: MIT
// From hits to a redaction of the text that they are in: each byte of a secret becomes an `x`,
// which is a legal value in every format that configuration is written in, where asterisks are not.
// Line ends stay where they are.
#pragma once

#include "sluice/base/bytes.h"
#include "sluice/inspect/hits.h"
#include "sluice/inspect/redaction.h"
#include "sluice/inspect/source.h"

namespace sluice::inspect {

inline constexpr std::byte kTextFill{'x'};

// Adds to `out` what hides the secrets of `hits` in `file`.
// answers  full if `out` has no room, outside if a hit is not within the file, or the file cannot
// be
//          read: then `out` must not be used.
Added redact_hits(const Source& file, const Hits& hits, Redaction& out);

// Adds all bytes but line ends.
Added redact_all(const Source& file, Redaction& out);

// Adds the bytes of `range` but its line ends; `text` is the file's bytes there.
Added cover_lines(Range range, Bytes text, Redaction& out);

}  // namespace sluice::inspect
