// SPDX-License-Identifier: MIT
// Items of a `meta` box: what the pictures of HEIC and AVIF, their Exif and XMP are kept as.
#pragma once

#include "sluice/inspect/isobmff_box.h"

namespace sluice::inspect {

// Looks into the items that hold Exif or XMP; `inner` are the boxes of a `meta` box.
// errors  unsupported they are compressed, in another file, or made of other items.
Done positions_in_items(const Area& area, Range inner);

}  // namespace sluice::inspect
