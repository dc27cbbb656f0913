// SPDX-License-Identifier: MIT
// Segments are noted first and looked into when all are known: a packet, a resource or a TIFF
// structure that is too long for one segment goes on in others.
//
// source: ITU T.81 annex B; Exif 2.32 4.5.4; XMP specification part 3 (1.1.3.1: extended XMP is
// 35 bytes of name, 32 of GUID, four of full length, four of offset)
#include "sluice/inspect/jpeg.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>

#include "sluice/inspect/iptc.h"
#include "sluice/inspect/md5.h"
#include "sluice/inspect/tiff.h"
#include "sluice/inspect/trailer.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMostSegments = 65536;
constexpr std::size_t kMostPackets = 256;
constexpr std::size_t kChunk = 65536;

constexpr std::string_view kExif = "Exif\0"sv;  // and one byte more, mostly 0
constexpr std::string_view kXmp = "http://ns.adobe.com/xap/1.0/\0"sv;
constexpr std::string_view kExtendedXmp = "http://ns.adobe.com/xmp/extension/\0"sv;
constexpr std::string_view kPhotoshop = "Photoshop 3.0\0"sv;
constexpr std::string_view kOldPhotoshop = "Adobe_Photoshop2.5:"sv;
constexpr std::string_view kGoPro = "GoPro\0"sv;
constexpr std::uint64_t kExtendedHeader = 35 + 32 + 4 + 4;

constexpr bool stands_alone(unsigned marker) noexcept {
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

class JpegWalk {
 public:
  explicit JpegWalk(const Area& area) noexcept : area_{area} {}
  Got<std::uint64_t> run();

 private:
  struct Portion {
    std::uint64_t offset;  // within the packet
    Range data;
  };

  enum class Restarts : std::uint8_t { count, skip };
  Got<std::optional<std::uint64_t>> find_marker(std::uint64_t from, Restarts restarts);
  Got<std::uint64_t> after_scan(std::uint64_t from);
  Done segments();
  Done segment(unsigned marker, Range data);
  Done app1(Range data);
  Done note_exif(Range data);
  Done note_extended(Range data);
  Done look_into_all();
  Got<Area> joined(std::vector<Portion> portions) const;
  Done extended_packet(const std::string& guid, const std::vector<Portion>& portions);
  // Makes an area of ranges of this one.
  Area area_of(const std::vector<Range>& ranges) const;

  const Area& area_;
  std::uint64_t end_ = 0;
  std::vector<std::vector<Range>> exif_;
  std::vector<Range> xmp_;
  std::map<std::string, std::vector<Portion>> extended_;  // by GUID
  std::vector<Range> photoshop_;
};

// Gives where the next FF that is no fill byte stands, with its marker behind it; none at the end.
// Restart markers are part of compressed data, and may be every few bytes.
Got<std::optional<std::uint64_t>> JpegWalk::find_marker(std::uint64_t from, Restarts restarts) {
  std::vector<std::byte> chunk;
  while (from < area_.size()) {
    chunk.resize(std::min<std::uint64_t>(kChunk, area_.size() - from));
    TRY(area_.read(from, chunk));
    std::size_t i = 0;
    while (i + 1 < chunk.size()) {
      const void* found = std::memchr(chunk.data() + i, 0xFF, chunk.size() - 1 - i);
      if (found == nullptr) break;
      i = static_cast<std::size_t>(static_cast<const std::byte*>(found) - chunk.data());
      const auto marker = std::to_integer<unsigned>(chunk[i + 1]);
      const bool passed = restarts == Restarts::skip && marker >= 0xD0 && marker <= 0xD7;
      if (marker != 0 && marker != 0xFF && !passed) return from + i;
      ++i;
    }
    if (chunk.size() < kChunk) break;
    from += chunk.size() - 1;
  }
  return std::nullopt;
}

// Gives where compressed data ends: at a marker that is no restart.
Got<std::uint64_t> JpegWalk::after_scan(std::uint64_t from) {
  const auto at = TRY(find_marker(from, Restarts::skip));
  return at ? *at : area_.size();
}

Done JpegWalk::segments() {
  std::uint64_t at = 2;
  for (std::size_t count = 0; at < area_.size(); ++count) {
    if (count == kMostSegments) return refuse(Why::too_large);
    TRY(area_.look().step());
    // Mostly it is right here, and the search for it reads a lot.
    std::optional<std::uint64_t> found;
    if (area_.holds({at, 2}) && TRY(area_.u8(at)) == 0xFF) {
      const unsigned here = TRY(area_.u8(at + 1));
      if (here != 0 && here != 0xFF) found = at;
    }
    if (!found) found = TRY(find_marker(at, Restarts::count));
    if (!found) break;
    at = *found;
    const unsigned marker = TRY(area_.u8(at + 1));
    at += 2;
    if (marker == 0xD9) {
      end_ = at;
      return {};
    }
    if (stands_alone(marker)) continue;
    const std::uint64_t length = TRY(area_.u16(at));
    if (length < 2 || !area_.holds({at, length})) return refuse(Why::malformed);
    TRY(segment(marker, {at + 2, length - 2}));
    at += length;
    if (marker == 0xDA) at = TRY(after_scan(at));
  }
  end_ = area_.size();
  return {};
}

Done JpegWalk::segment(unsigned marker, Range data) {
  if (marker == 0xE1) return app1(data);
  if (marker == 0xED) {
    for (const std::string_view name : {kPhotoshop, kOldPhotoshop}) {
      if (data.length < name.size() || !TRY(area_.has(data.offset, name))) continue;
      photoshop_.push_back({data.offset + name.size(), data.length - name.size()});
    }
  } else if (marker == 0xE6 && data.length > kGoPro.size() && TRY(area_.has(data.offset, kGoPro))) {
    return area_.fill(data, std::byte{0});
  }
  return {};
}

Done JpegWalk::app1(Range data) {
  if (data.length > kExif.size() && TRY(area_.has(data.offset, kExif))) return note_exif(data);
  if (data.length >= kXmp.size() && TRY(area_.has(data.offset, kXmp))) {
    if (xmp_.size() == kMostPackets) return refuse(Why::too_large);
    xmp_.push_back({data.offset + kXmp.size(), data.length - kXmp.size()});
  } else if (data.length >= kExtendedHeader && TRY(area_.has(data.offset, kExtendedXmp))) {
    return note_extended(data);
  }
  return {};
}

// A segment that does not begin as TIFF does goes on with the one before.
Done JpegWalk::note_exif(Range data) {
  const Range tiff{data.offset + 6, data.length - 6};
  if (tiff.length == 0) return {};
  const Area area = TRY(area_.part(tiff));
  if (TRY(is_tiff(area)) || exif_.empty()) {
    if (exif_.size() == kMostPackets) return refuse(Why::too_large);
    exif_.emplace_back();
  }
  exif_.back().push_back(tiff);
  return {};
}

Done JpegWalk::note_extended(Range data) {
  std::string guid(32, '\0');
  TRY(area_.read(data.offset + kExtendedXmp.size(), std::as_writable_bytes(std::span{guid})));
  if (extended_.size() == kMostPackets && !extended_.contains(guid)) {
    return refuse(Why::too_large);
  }
  const std::uint64_t offset = TRY(area_.u32(data.offset + kExtendedHeader - 4));
  const Range part{data.offset + kExtendedHeader, data.length - kExtendedHeader};
  extended_[guid].push_back({offset, part});
  return {};
}

Got<Area> JpegWalk::joined(std::vector<Portion> portions) const {
  std::ranges::stable_sort(portions, {}, &Portion::offset);
  std::vector<Range> ranges;
  std::uint64_t end = 0;
  for (const Portion& portion : portions) {
    if (portion.offset != end) return refuse(Why::malformed);
    end += portion.data.length;
    ranges.push_back(portion.data);
  }
  return area_of(ranges);
}

// The packet's GUID is its digest, by which the first packet names it. Both are made anew.
Done JpegWalk::extended_packet(const std::string& guid, const std::vector<Portion>& portions) {
  const Area packet = TRY(joined(portions));
  const std::uint64_t before = area_.look().changes();
  TRY(positions_in_xmp(packet));
  if (area_.look().changes() == before) return {};
  const std::string now =
      md5_text(TRY(packet.bytes(packet.size())));  // as large as was looked into
  for (const Portion& portion : portions) {
    TRY(area_.replace(portion.data.offset - 40, bytes_of(std::string_view{now})));
  }
  for (const Range range : xmp_) {
    const auto first = TRY(TRY(area_.part(range)).bytes(65536));
    const std::size_t at = text_of(first).find(guid);
    if (at == std::string_view::npos) continue;
    TRY(area_.replace(range.offset + at, bytes_of(std::string_view{now})));
  }
  return {};
}

Area JpegWalk::area_of(const std::vector<Range>& ranges) const {
  std::vector<Range> pieces;
  for (const Range range : ranges) {
    const auto part = area_.part(range);  // noted ranges are within
    if (part) pieces.insert(pieces.end(), part->pieces().begin(), part->pieces().end());
  }
  return Area{area_.look(), std::move(pieces)};
}

Done JpegWalk::look_into_all() {
  for (const auto& ranges : exif_) TRY(positions_in_tiff(area_of(ranges)));
  for (const Range range : xmp_) TRY(positions_in_xmp(area_of({range})));
  for (const auto& [guid, portions] : extended_) TRY(extended_packet(guid, portions));
  if (!photoshop_.empty()) TRY(positions_in_photoshop(area_of(photoshop_)));
  return {};
}

Got<std::uint64_t> JpegWalk::run() {
  TRY(segments());
  TRY(look_into_all());
  return end_;
}

}  // namespace

Got<bool> is_jpeg(const Area& area) { return area.has(0, "\xFF\xD8\xFF"); }

Got<std::uint64_t> positions_in_jpeg_image(const Area& area) {
  const Deeper deeper{area.look()};
  TRY(deeper.allowed());
  return JpegWalk{area}.run();
}

Done positions_in_jpeg(const Area& area) {
  const std::uint64_t end = TRY(positions_in_jpeg_image(area));
  return positions_in_trailer(area.from(end));
}

Got<bool> mentions_metadata(const Area& area) {
  constexpr std::size_t kOverlap = 64;
  std::vector<std::byte> chunk;
  for (std::uint64_t from = 0; from < area.size(); from += kChunk - kOverlap) {
    chunk.resize(std::min<std::uint64_t>(kChunk, area.size() - from));
    TRY(area.read(from, chunk));
    for (const std::string_view name : {kExif, "http://ns.adobe.com/"sv, "8BIM"sv}) {
      if (text_of(chunk).find(name) != std::string_view::npos) return true;
    }
    if (chunk.size() < kChunk) break;
  }
  return false;
}

}  // namespace sluice::inspect
