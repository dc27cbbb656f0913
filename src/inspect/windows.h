// SPDX-License-Identifier: MIT
// Scanning what is too large to be held at once: windows that overlap by the detectors' reach, so
// that each match lies wholly in one of them.
#pragma once

#include <cstddef>

#include "sluice/inspect/scan.h"
#include "sluice/inspect/source.h"

namespace sluice::inspect {

struct Windows {
  std::size_t length = std::size_t{4} << 20;  // of one; more if the overlap needs it
};

// Scans all of `file`. Where detectors().unbounded() is not empty and the file does not fit one
// window, matches longer than the overlap may be missed: the caller knows both, and refuses.
Scanned scan_source(Scanner& scanner, const Source& file, std::string_view path, Budget& budget,
                    Hits& hits, const Windows& windows = {}) noexcept;

// Scans one range of a file that is served as it is read, with the overlap on both sides; gives
// hits that touch the range. Line numbers are 0.
Scanned scan_range(Scanner& scanner, const Source& file, std::string_view path, Range range,
                   Budget& budget, Hits& hits) noexcept;

// Gives how many bytes on either side of a range decide what is in it.
std::uint64_t overlap_of(const Detectors& detectors) noexcept;

}  // namespace sluice::inspect
