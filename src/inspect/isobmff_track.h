// SPDX-License-Identifier: MIT
// Tracks that record where the camera was, sample by sample.
#pragma once

#include <map>
#include <set>

#include "sluice/inspect/isobmff_box.h"

namespace sluice::inspect {

// What is remembered of the tracks for the fragments that follow.
struct Tracks {
  std::set<std::uint32_t> telemetry;                     // ids; samples of these are to go
  std::set<std::uint32_t> text;                          // ids; samples of these may have to go
  std::map<std::uint32_t, std::uint32_t> default_sizes;  // of samples, by id, from mvex
};

// Looks at the `trak` box: a track of telemetry loses its samples (zeros) and its format's name; a
// track of text does if coordinates stand in it.
Done positions_in_track(const Area& area, const Box& trak, Tracks& tracks);

// Notes what `mvex` says of samples in fragments.
Done note_defaults(const Area& area, const Box& mvex, Tracks& tracks);

// Zeroes the samples in the fragment `moof` of tracks that were noted.
Done positions_in_fragment(const Area& area, const Box& moof, const Tracks& tracks);

}  // namespace sluice::inspect
