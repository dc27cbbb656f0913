// SPDX-License-Identifier: MIT
// Which properties name a position: one list for XMP, for the keys of QuickTime metadata and for
// the text chunks into which converters spill Exif.
#pragma once

#include <string_view>

namespace sluice::inspect {

// Tells whether the XML property `local` of the namespace `uri` says where something was taken.
// Most names say so in any namespace; case does not matter.
bool is_place_property(std::string_view uri, std::string_view local) noexcept;

// Tells whether a metadata key such as `com.apple.quicktime.location.ISO6709` does.
bool is_place_key(std::string_view key) noexcept;

// Tells whether a line of text holds coordinates: an NMEA sentence, or a number after `GPS`,
// `latitude` or `longitude`, as drones and dash cameras write into subtitles.
bool has_coordinates(std::string_view text) noexcept;

}  // namespace sluice::inspect
