// SPDX-License-Identifier: MIT
// Files made of boxes: MP4, MOV, 3GP, HEIC, AVIF, CR3, JPEG XL, JPEG 2000.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

// What stands behind the last box.
enum class Around : std::uint8_t {
  nothing,  // boxes fill the area; anything else is malformed
  foreign,  // anything; the boxes end where no known one follows
};

// Tells whether `area` begins with a box that such files begin with.
Got<bool> is_boxes(const Area& area);

// Removes positions from metadata, from tracks of telemetry and from items; gives where the boxes
// end. What goes becomes `free`, of the same size; samples become zeros.
// errors  malformed a box is larger than what it is in; unsupported, too_deep, too_large.
Got<std::uint64_t> positions_in_boxes(const Area& area, Around around);

}  // namespace sluice::inspect
