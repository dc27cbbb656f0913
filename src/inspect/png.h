// SPDX-License-Identifier: MIT
// PNG: chunks.
#pragma once

#include "sluice/inspect/area.h"

namespace sluice::inspect {

Got<bool> is_png(const Area& area);

// Removes positions from eXIf and XMP; a chunk of text that holds some in another form (compressed,
// or as hexadecimal digits) becomes a private one of zeros, since its length must stay. Checksums
// of what was changed are made anew. errors: malformed, unsupported, too_large.
Done positions_in_png(const Area& area);

}  // namespace sluice::inspect
