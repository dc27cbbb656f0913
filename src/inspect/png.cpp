// SPDX-License-Identifier: MIT
// Text chunks are looked at as a reader would decode them, in memory; what is found there cannot be
// removed where it stands, so the chunk goes. One that cannot be decoded goes too.
//
// source: PNG specification, third edition (5.3 chunks, 11.3.4 text, 11.3.2.5 eXIf); XMP
// specification part 3 (1.1.2); ImageMagick's "Raw profile type" texts
#include "sluice/inspect/png.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <functional>

#include "sluice/inspect/iptc.h"
#include "sluice/inspect/place_names.h"
#include "sluice/inspect/tiff.h"
#include "sluice/inspect/trailer.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kMostText = 32 << 20;  // of one chunk, inflated
constexpr std::size_t kPiece = 65536;
constexpr std::string_view kXmp = "XML:com.adobe.xmp";
constexpr std::string_view kRawProfile = "Raw profile type ";
// Private, ancillary, safe to copy: every reader skips it.
constexpr std::string_view kNothing = "slRd";

struct Chunk {
  std::string_view type;  // one of those below, or empty
  Range whole, data;
};

constexpr std::array kTypes = {"eXIf"sv, "iTXt"sv, "tEXt"sv, "zTXt"sv, "IEND"sv, "IDAT"sv};

Got<Chunk> chunk_at(const Area& area, std::uint64_t at) {
  Chunk chunk;
  const std::uint64_t length = TRY(area.u32(at));
  for (const std::string_view type : kTypes) {
    if (TRY(area.has(at + 4, type))) chunk.type = type;
  }
  chunk.data = {at + 8, length};
  chunk.whole = {at, length + 12};
  return chunk;
}

Got<std::vector<std::byte>> inflated(Look& look, Bytes packed) {
  std::vector<std::byte> all;
  std::array<std::byte, 16384> piece;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return refuse(Why::too_large);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());  // a chunk's: 31 bits at most
  int state = Z_OK;
  Why why = Why::malformed;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    const std::size_t got = piece.size() - stream.avail_out;
    if (all.size() + got > kMostText || !look.step(got / 64 + 1)) {
      why = Why::too_large;
      break;
    }
    all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) return refuse(why);
  return all;
}

// Gives the bytes that the digits after a raw profile's two lines of heading stand for.
std::vector<std::byte> from_digits(std::string_view text) {
  std::vector<std::byte> bytes;
  for (int lines = 0; lines < 3; ++lines) {  // an empty line, the name, the length
    const std::size_t end = text.find('\n');
    if (end == text.npos) return bytes;
    text.remove_prefix(end + 1);
  }
  int high = -1;
  for (const char c : text) {
    const int value = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (value < 0) continue;
    if (high >= 0) bytes.push_back(static_cast<std::byte>(high * 16 + value));
    high = high < 0 ? value : -1;
  }
  return bytes;
}

Done profile(const Area& area) {
  constexpr auto kName = "http://ns.adobe.com/xap/1.0/\0"sv;
  if (TRY(area.has(0, "Exif\0\0"sv))) return positions_in_tiff(area.from(6));
  if (TRY(is_tiff(area))) return positions_in_tiff(area);
  if (TRY(area.has(0, kName))) return positions_in_xmp(area.from(kName.size()));
  if (TRY(area.has(0, "Photoshop 3.0\0"sv))) return positions_in_photoshop(area.from(14));
  if (TRY(area.has(0, "8BIM"))) return positions_in_photoshop(area);
  if (TRY(area.has(0, "\x1C"))) return positions_in_iim(area);
  if (TRY(area.has(0, "<"))) return positions_in_xmp(area);
  return {};
}

// Tells whether `search` would remove something from `bytes`. What it cannot follow counts as well,
// except when the budget is used up.
Got<bool> finds(Look& look, Bytes bytes, const std::function<Done(const Area&)>& search) {
  const BytesSource source{bytes};
  Redaction scratch{bytes.size()};
  Look inner{source, look.budget(), scratch};
  const Area area{inner, Range{0, bytes.size()}};
  const Done done = search(area);
  if (look.budget().exhausted()) return refuse(Why::too_large);
  return !done || inner.changes() > 0;
}

class PngWalk {
 public:
  explicit PngWalk(const Area& area) noexcept : area_{area} {}

  Done run();

 private:
  Done look_into(const Chunk& chunk);
  Done text(const Chunk& chunk);
  Got<bool> text_goes(const Chunk& chunk, std::string_view all, Range& xmp);
  Got<bool> content_goes(std::string_view keyword, Bytes content);
  Done drop(const Chunk& chunk);
  Done write_checksum(const Chunk& chunk);

  const Area& area_;
};

Done PngWalk::run() {
  std::uint64_t at = 8;
  while (at < area_.size() && area_.size() - at >= 12) {
    TRY(area_.look().step());
    const Chunk chunk = TRY(chunk_at(area_, at));
    if (!area_.holds(chunk.whole)) {
      // A picture that was not received wholly is still shown.
      return chunk.type == "IDAT" ? Done{} : refuse(Why::malformed);
    }
    const std::uint64_t before = area_.look().changes();
    TRY(look_into(chunk));
    if (area_.look().changes() != before) TRY(write_checksum(chunk));
    at = chunk.whole.end();
    if (chunk.type == "IEND") break;
  }
  return positions_in_trailer(area_.from(at));
}

Done PngWalk::look_into(const Chunk& chunk) {
  if (chunk.type == "eXIf") {
    const Area data = TRY(area_.part(chunk.data));
    const Area tiff = data.from(TRY(data.has(0, "Exif\0\0"sv)) ? 6 : 0);
    return tiff.size() == 0 ? Done{} : positions_in_tiff(tiff);
  }
  if (chunk.type.ends_with("TXt") || chunk.type == "tEXt") return text(chunk);
  return {};
}

Done PngWalk::text(const Chunk& chunk) {
  const Area data = TRY(area_.part(chunk.data));
  const auto bytes = TRY(data.bytes(kMostText));
  Range xmp;
  if (TRY(text_goes(chunk, text_of(bytes), xmp))) return drop(chunk);
  return xmp.length == 0 ? Done{} : positions_in_xmp(TRY(data.part(xmp)));
}

// Tells whether the chunk, of which `all` is the data, must go; `xmp` is where in it a packet lies
// that can be changed in place.
Got<bool> PngWalk::text_goes(const Chunk& chunk, std::string_view all, Range& xmp) {
  const std::size_t keyword_end = all.find('\0');
  if (keyword_end == all.npos) return false;  // no text chunk to any reader
  const std::string_view keyword = all.substr(0, keyword_end);
  if (is_place_key(keyword)) return true;
  std::size_t at = keyword_end + 1;
  if (chunk.type == "tEXt") return content_goes(keyword, bytes_of(all.substr(at)));
  bool packed = true;
  if (chunk.type == "iTXt") {
    if (all.size() - at < 2) return true;
    packed = all[at] != 0;
    at += 2;
    for (int i = 0; i < 2; ++i) {  // language, and the keyword in it
      at = all.find('\0', at);
      if (at == all.npos) return true;
      ++at;
    }
  } else {
    at = std::min(at + 1, all.size());
  }
  const Bytes content = bytes_of(all.substr(at));
  if (!packed && keyword == kXmp) {
    xmp = {at, content.size()};
    return false;
  }
  if (keyword != kXmp && !keyword.starts_with(kRawProfile)) return false;
  if (!packed) return content_goes(keyword, content);
  const auto plain = inflated(area_.look(), content);
  if (!plain) return area_.look().budget().exhausted() ? refuse(Why::too_large) : Got<bool>{true};
  return content_goes(keyword, *plain);
}

Got<bool> PngWalk::content_goes(std::string_view keyword, Bytes content) {
  if (keyword == kXmp) return finds(area_.look(), content, positions_in_xmp);
  if (!keyword.starts_with(kRawProfile)) return false;
  return finds(area_.look(), from_digits(text_of(content)), profile);
}

Done PngWalk::drop(const Chunk& chunk) {
  TRY(area_.replace(chunk.whole.offset + 4, bytes_of(kNothing)));
  return area_.fill(chunk.data, std::byte{0});
}

Done PngWalk::write_checksum(const Chunk& chunk) {
  uLong sum = crc32(0, nullptr, 0);
  std::vector<std::byte> piece;
  for (std::uint64_t at = chunk.whole.offset + 4; at < chunk.data.end(); at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(kPiece, chunk.data.end() - at));
    TRY(area_.read(at, piece));
    sum = crc32(sum, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size()));
  }
  std::array<std::byte, 4> text;
  for (unsigned i = 0; i < 4; ++i) text[i] = static_cast<std::byte>(sum >> (24 - 8 * i) & 0xFF);
  return area_.replace(chunk.data.end(), text);
}

}  // namespace

Got<bool> is_png(const Area& area) { return area.has(0, "\x89PNG\r\n\x1A\n"); }

Done positions_in_png(const Area& area) { return PngWalk{area}.run(); }

}  // namespace sluice::inspect
