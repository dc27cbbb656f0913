// SPDX-License-Identifier: MIT
// Unpacking with zlib, within bounds.
#pragma once

#include <cstddef>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/inspect/budget.h"

namespace sluice::inspect {

enum class Wrapping : std::uint8_t { raw, zlib, gzip };

enum class Unpacked : std::uint8_t {
  whole,
  malformed,  // cut off, or not what it says; what came out before that is given
  too_large,  // more than `most` bytes, or than the budget has
};

struct Inflated {
  Unpacked unpacked = Unpacked::malformed;
  std::vector<std::byte> bytes;
  std::size_t consumed = 0;  // of the packed bytes
};

// Unpacks one stream at the beginning of `packed`. Each byte that comes out is taken from the
// budget. errors  bad_alloc.
Inflated inflate(Bytes packed, Wrapping wrapping, std::size_t most, Budget& budget);

}  // namespace sluice::inspect
