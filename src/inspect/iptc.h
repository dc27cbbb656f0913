// SPDX-License-Identifier: MIT
// IPTC-IIM, the names of places that news photos carry, and Photoshop's image resources, which are
// what IIM usually lies in.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

// Drops the datasets that name places (city, sublocation, province, country, content location).
// Those that stay close up; zeros, which readers take for padding, follow them.
Done positions_in_iim(const Area& area);

// Looks into a sequence of image resources ("8BIM"): IIM, Exif and XMP. If IIM changes, so does the
// digest by which readers tell whether it is newer than the XMP. TIFF keeps IIM apart from the
// resources and its digest among them: `changed_iim` is that, once it was changed, or null.
Done positions_in_photoshop(const Area& area, const Area* changed_iim = nullptr);

}  // namespace sluice::inspect
