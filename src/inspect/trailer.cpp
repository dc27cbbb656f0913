// SPDX-License-Identifier: MIT
// There is no format to go by, so the bytes are swept for the beginnings of those we know. What was
// followed to its end is passed over; a beginning that leads nowhere was none, and only so many are
// tried that what a file costs stays in proportion to its length.
#include "sluice/inspect/trailer.h"

#include <algorithm>

#include "sluice/inspect/iptc.h"
#include "sluice/inspect/isobmff.h"
#include "sluice/inspect/jpeg.h"
#include "sluice/inspect/tiff.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kChunk = 65536;
constexpr std::size_t kLongestMark = 16;
constexpr unsigned kMostTries = 256;

enum class Beginning : std::uint8_t { none, jpeg, video, exif, xmp, resources, foreign };

// Tells what begins at the first of `b`'s bytes.
Beginning beginning_of(std::string_view b) noexcept {
  switch (b.front()) {
    case '\xFF':
      return b.starts_with("\xFF\xD8\xFF") && b.size() > 3 && b[3] != '\xFF' && b[3] != '\0'
                 ? Beginning::jpeg
                 : Beginning::none;
    case '\0':
      return b.starts_with("\0\0"sv) && b.size() >= 8 && b.substr(4, 4) == "ftyp" ? Beginning::video
                                                                                  : Beginning::none;
    case 'E': return b.starts_with("Exif\0\0"sv) ? Beginning::exif : Beginning::none;
    case '<': return b.starts_with("<x:xmpmeta") ? Beginning::xmp : Beginning::none;
    case '8': return b.starts_with("8BIM\x04\x04"sv) ? Beginning::resources : Beginning::none;
    // AFCP, PhotoMechanic and MIE: each may hold IPTC, none is known to be common any more.
    case 'A': return b.starts_with("AXS!\0"sv) ? Beginning::foreign : Beginning::none;
    case 'c': return b.starts_with("cbipcbbl") ? Beginning::foreign : Beginning::none;
    case '~':
      return b.starts_with("~\x10\x04") && b.size() >= 8 && b.substr(4, 4) == "0MIE"
                 ? Beginning::foreign
                 : Beginning::none;
    default: return Beginning::none;
  }
}

// Gives how much of `area`, which begins with an XMP packet, belongs to it.
Got<std::uint64_t> packet_length(const Area& area) {
  constexpr std::string_view kEnd = "</x:xmpmeta>";
  std::vector<std::byte> bytes(std::min<std::uint64_t>(area.size(), 16 << 20));
  TRY(area.read(0, bytes));
  const std::size_t end = text_of(bytes).find(kEnd);
  if (end == std::string_view::npos) return refuse(Why::malformed);
  return end + kEnd.size();
}

// Follows what begins at the beginning of `area`; gives where to go on.
Got<std::uint64_t> follow(Beginning what, const Area& area) {
  switch (what) {
    case Beginning::jpeg: return positions_in_jpeg_image(area);
    case Beginning::video: return positions_in_boxes(area, Around::foreign);
    case Beginning::exif: {
      const Area tiff = area.from(6);
      if (TRY(is_tiff(tiff))) TRY(positions_in_tiff(tiff));
      return 6;
    }
    case Beginning::xmp: {
      const std::uint64_t length = TRY(packet_length(area));
      TRY(positions_in_xmp(TRY(area.part({0, length}))));
      return length;
    }
    case Beginning::resources: TRY(positions_in_photoshop(area)); return 4;
    case Beginning::foreign: return refuse(Why::unsupported);
    case Beginning::none: break;
  }
  return 1;
}

class Sweep {
 public:
  explicit Sweep(const Area& area) noexcept : area_{area} {}

  Done run() {
    std::vector<std::byte> chunk;
    std::uint64_t at = 0;
    while (at < area_.size()) {
      chunk.resize(std::min<std::uint64_t>(kChunk, area_.size() - at));
      TRY(area_.read(at, chunk));
      const bool last = at + chunk.size() == area_.size();
      at = TRY(through(at, chunk, last ? chunk.size() : chunk.size() - kLongestMark));
    }
    return {};
  }

 private:
  // Sweeps the first `length` of the bytes at `at`; gives where to go on.
  Got<std::uint64_t> through(std::uint64_t at, Bytes chunk, std::size_t length) {
    const std::string_view text = text_of(chunk);
    for (std::size_t i = 0; i < length; ++i) {
      const Beginning what = beginning_of(text.substr(i));
      if (what == Beginning::none) continue;
      if (++tries_ > kMostTries) return refuse(Why::too_large);
      const auto end = follow(what, area_.from(at + i));
      // Nothing else looks like these by chance.
      const bool certain = what != Beginning::jpeg && what != Beginning::video;
      if (!end && (certain || end.error() != Why::malformed)) return refuse(end.error());
      if (end) return at + i + std::max<std::uint64_t>(*end, 1);
    }
    return at + length;
  }

  const Area& area_;
  unsigned tries_ = 0;
};

}  // namespace

Done positions_in_trailer(const Area& area) { return Sweep{area}.run(); }

}  // namespace sluice::inspect
