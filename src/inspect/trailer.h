// SPDX-License-Identifier: MIT
// What follows the end of an image: more images (burst, depth, gain map), the video of a motion
// photo, and makers' own blocks.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

// Looks for images, videos, Exif, XMP and image resources at any offset of `area`, and removes the
// positions in each. errors: unsupported for blocks that hold metadata in yet another form.
Done positions_in_trailer(const Area& area);

}  // namespace sluice::inspect
