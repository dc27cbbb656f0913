// SPDX-License-Identifier: MIT
// Where a track's samples lie in the file.
#pragma once

#include <functional>

#include "sluice/inspect/isobmff_box.h"

namespace sluice::inspect {

// Calls `use(range)` for each run of samples in the file, as the sample table `stbl` has them; a
// run is a chunk. Runs are cut at the end of the file. errors: malformed.
using UseRun = std::function<Done(Range)>;
Done each_chunk(const Area& area, const Box& stbl, const UseRun& use);

// The same for one movie fragment: `use(track, range)` for each of its runs.
// `default_size` answers what mvex says of a track's samples.
using UseTrackRun = std::function<Done(std::uint32_t track, Range)>;
using DefaultSize = std::function<std::uint32_t(std::uint32_t track)>;
Done each_fragment_run(const Area& area, const Box& moof, const DefaultSize& default_size,
                       const UseTrackRun& use);

}  // namespace sluice::inspect
