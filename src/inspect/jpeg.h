// SPDX-License-Identifier: MIT
// JPEG: the segments before and between its scans. Compressed data is never changed.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

Got<bool> is_jpeg(const Area& area);

// Removes positions from Exif, XMP (also where it is extended over several segments), Photoshop's
// resources and GoPro's telemetry, and from whatever follows the end of the image.
Done positions_in_jpeg(const Area& area);

// The same for the image alone; gives where it ends within `area`.
Got<std::uint64_t> positions_in_jpeg_image(const Area& area);

// Tells whether, somewhere in `area`, there is the name of a segment that could hold a position.
// For images so broken that they cannot be followed.
Got<bool> mentions_metadata(const Area& area);

}  // namespace sluice::inspect
