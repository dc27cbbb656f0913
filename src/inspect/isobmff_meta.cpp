// SPDX-License-Identifier: MIT
// source: QuickTime File Format (user data, metadata keys and values); 3GPP TS 26.244 8.10 (loci);
// XMP specification part 3 (1.1.5: the UUID of XMP); what phones and cameras write
#include "sluice/inspect/isobmff_meta.h"

#include <algorithm>
#include <array>
#include <set>

#include "sluice/inspect/heif.h"
#include "sluice/inspect/iptc.h"
#include "sluice/inspect/place_names.h"
#include "sluice/inspect/tiff.h"
#include "sluice/inspect/trailer.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kMostKeys = 4096;
constexpr std::uint64_t kMostKey = 65536;

constexpr std::array kPlaces = {box_type("\xA9xyz"), box_type("\xA9loc"), box_type("loci"),
                                box_type("GPMF"),    box_type("gps "),    box_type("@xyz")};
// Pictures, with Exif of their own: Canon's, and 3GPP's thumbnails.
constexpr std::array kPictures = {box_type("CNDA"), box_type("thmb"), box_type("THMB")};

bool is_one_of(std::uint32_t type, std::span<const std::uint32_t> types) noexcept {
  return std::ranges::count(types, type) != 0;
}

// Nikon's tags in videos: number, format, count, value. Those of its GPS group are zeroed.
Done nikon_tags(const Area& area, const Box& box) {
  constexpr std::uint64_t kSizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
  std::uint64_t at = box.body.offset;
  while (at < box.body.end() && box.body.end() - at >= 8) {
    TRY(area.look().step());
    const std::uint32_t id = TRY(area.u32(at));
    const std::uint64_t format = TRY(area.u16(at + 4));
    const std::uint64_t count = TRY(area.u16(at + 6));
    if (format >= std::size(kSizes)) return refuse(Why::malformed);
    const Range value{at + 8, kSizes[format] * count};
    if (value.length > box.body.end() - value.offset) return refuse(Why::malformed);
    const bool place = id >> 16 == 0x0120;
    if (place && TRY(area.has_anything(value))) TRY(area.fill(value, std::byte{0}));
    at = value.end();
  }
  return {};
}

Done nikon_container(const Area& area, const Box& box) {
  return each_box(area, box.body, [&](const Box& inner) -> Done {
    return inner.type == box_type("NCTG") ? nikon_tags(area, inner) : Done{};
  });
}

// Gives the numbers, counted from 1, of the keys that name places.
Got<std::set<std::uint32_t>> place_keys(const Area& area, const Box& keys) {
  std::set<std::uint32_t> places;
  if (keys.body.length < 8) return refuse(Why::malformed);
  const Range inner{keys.body.offset + 8, keys.body.length - 8};
  std::uint32_t number = 0;
  TRY(each_box(area, inner, [&](const Box& key) -> Done {
    if (++number > kMostKeys) return refuse(Why::too_large);
    const auto bytes = TRY(TRY(area.part(key.body)).bytes(kMostKey));
    if (is_place_key(text_of(bytes))) places.insert(number);
    return {};
  }));
  return places;
}

// iTunes' free-form values have their key beside them.
Got<bool> is_free_form_place(const Area& area, const Box& item) {
  if (item.type != box_type("----")) return false;
  const auto key = TRY(find_box(area, item.body, box_type("name")));
  if (!key) return false;
  const auto bytes = TRY(TRY(area.part(key->body)).bytes(kMostKey));
  return is_place_key(text_of(bytes));
}

Done list(const Area& area, const Box& ilst, const std::set<std::uint32_t>& places) {
  return each_box(area, ilst.body, [&](const Box& item) -> Done {
    const bool goes = places.contains(item.type) || is_one_of(item.type, kPlaces) ||
                      TRY(is_free_form_place(area, item));
    return goes ? make_free(area, item) : Done{};
  });
}

// QuickTime's `meta` is a plain box, everybody else's has a version.
Got<Range> inner_of(const Area& area, const Box& meta) {
  if (meta.body.length < 8) return Range{meta.body.offset, 0};
  if (TRY(area.has(meta.body.offset + 4, "hdlr"))) return meta.body;
  return without_version(meta.body);
}

Done canon(const Area& area, Range inner) {
  return each_box(area, inner, [&](const Box& box) -> Done {
    const Area body = TRY(area.part(box.body));
    if (box.type == box_type("CMT4")) {
      return TRY(is_tiff(body)) ? positions_in_tiff(body, FirstDirectory::gps) : Done{};
    }
    const bool tiff = box.type == box_type("CMT1") || box.type == box_type("CMT2");
    return tiff && TRY(is_tiff(body)) ? positions_in_tiff(body) : Done{};
  });
}

}  // namespace

Done positions_in_user_data(const Area& area, const Box& udta) {
  return each_box(area, udta.body, [&](const Box& box) -> Done {
    if (is_one_of(box.type, kPlaces)) return make_free(area, box);
    if (box.type == box_type("meta")) return positions_in_meta(area, box);
    if (box.type == box_type("uuid")) return positions_in_uuid(area, box);
    if (box.type == box_type("NCDT")) return nikon_container(area, box);
    const Area body = TRY(area.part(box.body));
    if (box.type == box_type("XMP_")) return positions_in_xmp(body);
    return is_one_of(box.type, kPictures) ? positions_in_trailer(body) : Done{};
  });
}

Done positions_in_meta(const Area& area, const Box& meta) {
  const Range inner = TRY(inner_of(area, meta));
  std::set<std::uint32_t> places;
  if (const auto keys = TRY(find_box(area, inner, box_type("keys")))) {
    places = TRY(place_keys(area, *keys));
  }
  TRY(each_box(area, inner, [&](const Box& box) -> Done {
    if (box.type == box_type("ilst")) return list(area, box, places);
    if (box.type == box_type("uuid")) return positions_in_uuid(area, box);
    if (box.type == box_type("xml ")) {
      return positions_in_xmp(TRY(area.part(TRY(without_version(box.body)))));
    }
    return {};
  }));
  return positions_in_items(area, inner);
}

Done positions_in_uuid(const Area& area, const Box& uuid) {
  constexpr std::string_view kXmp =
      "\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC"sv;
  constexpr std::string_view kCanon =
      "\x85\xC0\xB6\x87\x82\x0F\x11\xE0\x81\x11\xF4\xCE\x46\x2B\x6A\x48"sv;
  constexpr std::string_view kExif = "JpgTiffExif->JP2"sv;
  constexpr std::string_view kPhotoshopExif =
      "\x05\x37\xCD\xAB\x9D\x0C\x44\x31\xA7\x2A\xFA\x56\x1F\x2A\x11\x3E"sv;
  constexpr std::string_view kIptc =
      "\x33\xC7\xA4\xD2\xB8\x1D\x47\x23\xA0\xBA\xF1\xA3\xE0\x97\xAD\x38"sv;
  if (uuid.body.length < 16) return {};
  const Range inner{uuid.body.offset + 16, uuid.body.length - 16};
  const auto is = [&](std::string_view id) { return area.has(uuid.body.offset, id); };
  if (TRY(is(kCanon))) return canon(area, inner);
  const Area body = TRY(area.part(inner));
  if (TRY(is(kXmp))) return positions_in_xmp(body);
  if (TRY(is(kIptc))) return positions_in_iim(body);
  if (TRY(is(kExif)) || TRY(is(kPhotoshopExif))) {
    return TRY(is_tiff(body)) ? positions_in_tiff(body) : Done{};
  }
  return {};
}

}  // namespace sluice::inspect
