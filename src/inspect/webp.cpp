// SPDX-License-Identifier: MIT
// source: RFC 9649 (WebP); chunks are of even length, padded if they are not
#include "sluice/inspect/webp.h"

#include <algorithm>

#include "sluice/inspect/tiff.h"
#include "sluice/inspect/trailer.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

using namespace std::string_view_literals;

Done chunk(const Area& area, std::uint64_t at, Range data) {
  if (TRY(area.has(at, "EXIF"))) {
    const bool named = TRY(area.has(data.offset, "Exif\0\0"sv));
    const Area tiff = TRY(area.part(data)).from(named ? 6 : 0);
    if (tiff.size() == 0) return {};
    return positions_in_tiff(tiff);
  }
  if (TRY(area.has(at, "XMP "))) return positions_in_xmp(TRY(area.part(data)));
  return {};
}

}  // namespace

Got<bool> is_webp(const Area& area) { return TRY(area.has(0, "RIFF")) && TRY(area.has(8, "WEBP")); }

Done positions_in_webp(const Area& area) {
  const std::uint64_t said = 8 + TRY(area.number(4, 4, Order::little));
  const std::uint64_t end = std::min(said, area.size());
  std::uint64_t at = 12;
  while (at < end && end - at >= 8) {
    TRY(area.look().step());
    const std::uint64_t length = TRY(area.number(at + 4, 4, Order::little));
    if (length > end - at - 8) return refuse(Why::malformed);
    TRY(chunk(area, at, {at + 8, length}));
    at += 8 + length + length % 2;
  }
  return positions_in_trailer(area.from(std::max(at, end)));
}

}  // namespace sluice::inspect
