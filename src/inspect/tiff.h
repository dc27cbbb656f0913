// SPDX-License-Identifier: MIT
// TIFF: the structure of Exif in all its containers, of DNG and of most cameras' raw files.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

// What the first directory of a TIFF structure describes.
enum class FirstDirectory : std::uint8_t {
  image,
  gps,  // nothing but a position, as in the CMT4 box of CR3 files
};

// Removes positions from the TIFF structure that `area` begins with: the entries that lead to GPS
// directories, those directories with all they hold, georeferences; and what XMP, IPTC, maker notes
// and embedded JPEGs say. Removed entries close up, as if they had never been.
Done positions_in_tiff(const Area& area, FirstDirectory first = FirstDirectory::image);

// Tells whether `area` begins as TIFF does, in any of the kinds that cameras write.
Got<bool> is_tiff(const Area& area);

}  // namespace sluice::inspect
