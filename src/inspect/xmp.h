// SPDX-License-Identifier: MIT
// XMP packets: XML with properties of a picture.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

// Puts blanks in place of each property that names a position, as an attribute or as an element
// with all it holds, in UTF-8, UTF-16 or UTF-32. What is left is as well-formed as before.
// errors  malformed tags do not match, or end nowhere; unsupported it declares entities (a DTD);
//         too_deep, too_large.
Done positions_in_xmp(const Area& area);

}  // namespace sluice::inspect
