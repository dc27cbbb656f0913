// SPDX-License-Identifier: MIT
// Positions in photos and videos: where they are in a file's bytes, and what to put there instead.
// A position is where something was taken, as coordinates or as the name of a place, in metadata of
// any kind that the formats below have. What can be seen or heard is not looked at.
//
// The kind of a file is told by its first bytes, never by its name. What is put in place of a
// position keeps the file legal and its pixels and sound as they are. docs/media.md says what is
// found in which format, and what is not.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "sluice/inspect/budget.h"
#include "sluice/inspect/redaction.h"
#include "sluice/inspect/source.h"

namespace sluice::inspect {

enum class Media : std::uint8_t {
  none,  // not a kind that is known here
  jpeg,
  png,
  webp,
  tiff,     // and what cameras' raw formats share with it: DNG, NEF, CR2, ARW, ORF, RW2, ...
  heif,     // HEIC and AVIF
  isobmff,  // MP4, MOV, M4V, 3GP and others made of the same boxes (CR3, JPEG XL, JPEG 2000)
  xmp,      // a packet that stands alone, as in a sidecar file
  psd,
  raf,
};

// Gives its name in lower case, such as "jpeg".
std::string_view name(Media media) noexcept;

// Why nothing can be said about a file.
enum class Why : std::uint8_t {
  malformed,  // its structure contradicts itself; what other readers find in it is anybody's guess
  unsupported,  // it is legal, and keeps metadata in a way that is not understood here
  too_deep,     // things within things, more than anybody means
  too_large,    // metadata larger than is looked at, or the budget is used up
  full,         // more patches than the redaction may hold
  unreadable,   // the source failed
};

// Gives half a sentence for a person, such as "its structure contradicts itself".
std::string_view text(Why why) noexcept;

enum class Finding : std::uint8_t {
  clean,    // it holds no position that can be found here
  found,    // it does, and the redaction removes them
  unknown,  // see why; the redaction must not be used
};

struct Positions {
  Media media = Media::none;
  Finding finding = Finding::clean;
  Why why = Why::malformed;  // if finding is unknown
};

// Tells the kind of a file by its first bytes. errors: only Why::unreadable.
std::expected<Media, Why> media_of(const Source& file) noexcept;

// Looks for positions in `file` and adds to `out` (made for the same length, empty) what removes
// them. The outcome is looked at again as a reader would see it, until nothing more is found: what
// is called `found` is a file that is called `clean` once it is redacted.
// Reads metadata, and of a JPEG all, through `file`; never more than the budget allows.
// Never throws; memory beside `out` is bounded by a few dozen MiB whatever the file says.
Positions positions_in(const Source& file, Budget& budget, Redaction& out) noexcept;

}  // namespace sluice::inspect
