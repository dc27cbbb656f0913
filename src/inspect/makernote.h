// SPDX-License-Identifier: MIT
// Maker notes: each camera maker's own part of Exif.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

// Zeroes what the maker note at `note` in the TIFF structure `tiff` says of places: Nikon's
// location info, Panasonic's and Samsung's names of places. Other makers' notes are left as they
// are.
Done positions_in_maker_note(const Area& tiff, Range note, Order order);

}  // namespace sluice::inspect
