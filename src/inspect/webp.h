// SPDX-License-Identifier: MIT
// WebP: RIFF with chunks for Exif and XMP.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

Got<bool> is_webp(const Area& area);

// Removes positions from the Exif and XMP chunks, and from what follows the file's end as RIFF has
// it. errors: malformed a chunk is longer than the file.
Done positions_in_webp(const Area& area);

}  // namespace sluice::inspect
