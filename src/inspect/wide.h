// SPDX-License-Identifier: MIT
// UTF-16 inside of bytes: runs of characters with a zero beside each. Whether the zero stands
// before or behind (the byte order) and whether the run begins at an even offset does not matter: a
// run is a character at every other byte, with zeros between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/inspect/redaction.h"

namespace sluice::inspect {

struct Wide {
  // The characters, one byte each; runs are joined by a byte that is in no text.
  std::string narrow;
  struct Run {
    std::size_t narrow;    // where it begins in `narrow`
    std::uint64_t source;  // where its first character is
  };
  std::vector<Run> runs;

  // Gives where in the source a part of `narrow` lies: from its first character's byte to its
  // last's.
  Range source_of(std::size_t begin, std::size_t end) const noexcept;
};

// Runs shorter than this are more likely numbers.
inline constexpr std::size_t kShortestRun = 8;

// Gives all runs in `text`; empty, and quickly so, where there is no zero.
Wide wide_runs(std::string_view text);

}  // namespace sluice::inspect
