// SPDX-License-Identifier: MIT
// Metadata in boxes: user data, `meta` with keys and values or with items, boxes named by a UUID.
#pragma once

#include "sluice/inspect/isobmff_box.h"

namespace sluice::inspect {

// Frees user data that is a position (QuickTime's and 3GPP's, GoPro's telemetry), and looks into
// the metadata and packets beside it.
Done positions_in_user_data(const Area& area, const Box& udta);

// Frees values whose key names a place, and looks into items.
Done positions_in_meta(const Area& area, const Box& meta);

// Looks into XMP, Exif, IPTC and Canon's metadata.
Done positions_in_uuid(const Area& area, const Box& uuid);

}  // namespace sluice::inspect
