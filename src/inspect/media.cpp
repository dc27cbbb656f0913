// SPDX-License-Identifier: MIT
// From the first bytes to a format's reader, again and again until the file as it would be served
// has nothing more in it. Two structures that share bytes, by accident or malice, can so not hide
// behind each other: either the outcome is clean, or there is none.
#include "sluice/inspect/media.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>

#include "sluice/inspect/area.h"
#include "sluice/inspect/iptc.h"
#include "sluice/inspect/isobmff.h"
#include "sluice/inspect/jpeg.h"
#include "sluice/inspect/png.h"
#include "sluice/inspect/tiff.h"
#include "sluice/inspect/trailer.h"
#include "sluice/inspect/webp.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

constexpr int kMostRounds = 4;
constexpr std::string_view kRafMagic = "FUJIFILMCCD-RAW ";

// A packet may follow a byte order mark and blanks, in any encoding; so zeros are left out.
Got<bool> is_xmp(const Area& area) {
  std::string text(std::min<std::uint64_t>(area.size(), 1024), '\0');
  TRY(area.read(0, std::as_writable_bytes(std::span{text})));
  std::erase_if(text, [](char c) { return c == '\0'; });
  const std::size_t first = text.find('<');
  if (first == text.npos || first > 64) return false;
  for (std::size_t i = 0; i < first; ++i) {
    const bool mark = static_cast<unsigned char>(text[i]) >= 0x80;
    if (!mark && std::string_view{" \t\r\n"}.find(text[i]) == std::string_view::npos) return false;
  }
  std::string_view xml = std::string_view{text}.substr(first);
  if (xml.starts_with("<?xpacket") || xml.find("adobe:ns:meta/") != xml.npos) return true;
  if (xml.starts_with("<?xml")) xml.remove_prefix(std::min(xml.find('<', 1), xml.size()));
  return xml.starts_with("<x:xmpmeta") || xml.starts_with("<rdf:RDF");
}

Got<bool> is_heif(const Area& area) {
  if (!TRY(area.has(4, "ftyp"))) return false;
  for (const std::string_view brand :
       {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "mif2", "msf1", "avif", "avis"}) {
    if (TRY(area.has(8, brand))) return true;
  }
  return false;
}

Got<Media> kind_of(const Area& area) {
  if (TRY(is_jpeg(area))) return Media::jpeg;
  if (TRY(is_png(area))) return Media::png;
  if (TRY(is_webp(area))) return Media::webp;
  if (TRY(is_tiff(area))) return Media::tiff;
  if (TRY(is_heif(area))) return Media::heif;
  if (TRY(is_boxes(area))) return Media::isobmff;
  if (TRY(area.has(0, "8BPS"))) return Media::psd;
  if (TRY(area.has(0, kRafMagic))) return Media::raf;
  if (TRY(is_xmp(area))) return Media::xmp;
  return Media::none;
}

// source: Adobe Photoshop file formats specification: header, color mode data, image resources
Done positions_in_psd(const Area& area) {
  const std::uint64_t resources = 30 + std::uint64_t{TRY(area.u32(26))};
  const std::uint64_t length = TRY(area.u32(resources));
  return positions_in_photoshop(TRY(area.part({resources + 4, length})));
}

// Fujifilm's raw format begins with the offset and length of a JPEG that has all metadata.
Done positions_in_raf(const Area& area) {
  return positions_in_jpeg(TRY(area.part({TRY(area.u32(84)), TRY(area.u32(88))})));
}

Done look_into(Media media, const Area& area) {
  switch (media) {
    case Media::jpeg: return positions_in_jpeg(area);
    case Media::png: return positions_in_png(area);
    case Media::webp: return positions_in_webp(area);
    case Media::tiff: return positions_in_tiff(area);
    case Media::heif:
    case Media::isobmff: TRY(positions_in_boxes(area, Around::nothing)); return {};
    case Media::psd: return positions_in_psd(area);
    case Media::raf: return positions_in_raf(area);
    case Media::xmp: return positions_in_xmp(area);
    case Media::none: break;
  }
  return {};
}

Positions unknown(Media media, Why why) noexcept { return {media, Finding::unknown, why}; }

Positions search(const Source& file, Budget& budget, Redaction& out, Media& media) {
  for (int round = 0; round < kMostRounds; ++round) {
    Look look{file, budget, out};
    const Area area{look, Range{0, file.size()}};
    const Got<Media> kind = kind_of(area);
    if (!kind) return unknown(media, kind.error());
    // What begins as another kind once it is redacted began as both.
    if (round > 0 && *kind != media) return unknown(media, Why::malformed);
    media = *kind;
    const Done done = look_into(media, area);
    if (!done) return unknown(media, done.error());
    if (look.changes() == 0) {
      return {media, round == 0 ? Finding::clean : Finding::found, Why::malformed};
    }
  }
  return unknown(media, Why::malformed);
}

}  // namespace

std::string_view name(Media media) noexcept {
  switch (media) {
    case Media::none: return "none";
    case Media::jpeg: return "jpeg";
    case Media::png: return "png";
    case Media::webp: return "webp";
    case Media::tiff: return "tiff";
    case Media::heif: return "heif";
    case Media::isobmff: return "isobmff";
    case Media::xmp: return "xmp";
    case Media::psd: return "psd";
    case Media::raf: return "raf";
  }
  return "none";
}

std::string_view text(Why why) noexcept {
  switch (why) {
    case Why::malformed: return "its structure contradicts itself";
    case Why::unsupported: return "it keeps metadata in a way that cannot be looked into";
    case Why::too_deep: return "its parts are nested too deeply";
    case Why::too_large: return "it holds more metadata than is looked at";
    case Why::full: return "it holds more positions than can be removed";
    case Why::unreadable: return "it could not be read, or became shorter";
  }
  return "it could not be looked into";
}

std::expected<Media, Why> media_of(const Source& file) noexcept {
  try {
    Budget budget{65536, 1024};
    Redaction none{file.size()};
    Look look{file, budget, none};
    return kind_of(Area{look, Range{0, file.size()}});
  } catch (const std::exception&) {
    return refuse(Why::unreadable);
  }
}

Positions positions_in(const Source& file, Budget& budget, Redaction& out) noexcept {
  Media media = Media::none;
  if (out.file_size() != file.size()) return unknown(media, Why::malformed);
  try {
    return search(file, budget, out, media);
  } catch (const std::bad_alloc&) {
    return unknown(media, Why::too_large);
  } catch (const std::exception&) {  // what a library throws at bytes it does not like
    return unknown(media, Why::malformed);
  }
}

}  // namespace sluice::inspect
