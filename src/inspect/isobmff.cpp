// SPDX-License-Identifier: MIT
// The outermost boxes, and those of `moov`. Fragments are looked at once all tracks are known,
// whatever their order. `mdat` is passed over by its size, however large.
//
// source: ISO/IEC 14496-12; ISO/IEC 18181-2 (JPEG XL: `Exif`, `xml `, `brob`)
#include "sluice/inspect/isobmff.h"

#include <algorithm>
#include <array>

#include "sluice/inspect/isobmff_meta.h"
#include "sluice/inspect/isobmff_track.h"
#include "sluice/inspect/tiff.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

using namespace std::string_view_literals;

constexpr std::array kOutermost = {
    box_type("ftyp"), box_type("styp"), box_type("moov"), box_type("moof"), box_type("mdat"),
    box_type("free"), box_type("skip"), box_type("wide"), box_type("meta"), box_type("uuid"),
    box_type("udta"), box_type("mfra"), box_type("sidx"), box_type("ssix"), box_type("emsg"),
    box_type("prft"), box_type("pdin"), box_type("pnot"), box_type("PICT"), box_type("Exif"),
    box_type("xml "), box_type("brob"), box_type("JXL "), box_type("jxlc"), box_type("jxlp"),
    box_type("jxll"), box_type("jxli"), box_type("jbrd"), box_type("jumb"), box_type("jP  "),
    box_type("jp2h"), box_type("jp2c"), box_type("gps "), box_type("gps0"), box_type("GPS ")};

bool is_outermost(std::uint32_t type) noexcept { return std::ranges::count(kOutermost, type) != 0; }

bool is_place_box(std::uint32_t type) noexcept {
  return type == box_type("gps ") || type == box_type("gps0") || type == box_type("GPS ");
}

// Whether a box that the file's end cuts short can be taken as far as it goes.
bool may_be_cut(std::uint32_t type) noexcept {
  return type == box_type("mdat") || type == box_type("free") || type == box_type("skip") ||
         type == box_type("jp2c") || type == box_type("jxlc") || type == box_type("jxlp");
}

class BoxWalk {
 public:
  BoxWalk(const Area& area, Around around) noexcept : area_{area}, around_{around} {}

  Got<std::uint64_t> run() {
    TRY(each_outermost([&](const Box& box) { return outermost(box); }));
    const std::uint64_t end = end_;
    if (fragments_ && !(tracks_.telemetry.empty() && tracks_.text.empty())) {
      TRY(each_outermost([&](const Box& box) -> Done {
        return box.type == box_type("moof") ? positions_in_fragment(area_, box, tracks_) : Done{};
      }));
    }
    return end;
  }

 private:
  template <class Use>
  Done each_outermost(Use use);
  Got<Box> outermost_at(std::uint64_t at) const;
  Done outermost(const Box& box);
  Done movie(const Box& moov);
  Done dash_camera(const Box& table);
  Done log_block(Range block);

  const Area& area_;
  Around around_;
  Tracks tracks_;
  bool fragments_ = false;
  std::uint64_t end_ = 0;
};

template <class Use>
Done BoxWalk::each_outermost(Use use) {
  std::uint64_t at = 0;
  while (area_.size() - at >= 8) {
    TRY(area_.look().step());
    const std::uint32_t type = TRY(area_.u32(at + 4));
    if (around_ == Around::foreign && !is_outermost(type)) break;
    const Got<Box> box = outermost_at(at);
    if (!box && around_ == Around::foreign && box.error() == Why::malformed) break;
    if (!box) return refuse(box.error());
    TRY(use(*box));
    at = box->whole.end();
  }
  end_ = at;
  return {};
}

Got<Box> BoxWalk::outermost_at(std::uint64_t at) const {
  auto box = box_at(area_, at, area_.size());
  if (box || box.error() != Why::malformed) return box;
  const std::uint32_t type = TRY(area_.u32(at + 4));
  const std::uint64_t size = TRY(area_.u32(at));
  // Zeros to the end of a file that was not closed properly.
  if (type == 0 && size == 0) return Box{type, {at, area_.size() - at}, {at, area_.size() - at}};
  if (!may_be_cut(type) || (size > 1 && size < 8)) return box;
  const std::uint64_t header = std::min<std::uint64_t>(size == 1 ? 16 : 8, area_.size() - at);
  return Box{type, {at, area_.size() - at}, {at + header, area_.size() - at - header}};
}

Done BoxWalk::outermost(const Box& box) {
  switch (box.type) {
    case box_type("moov"): return movie(box);
    case box_type("moof"): fragments_ = true; return {};
    case box_type("udta"): return positions_in_user_data(area_, box);
    case box_type("meta"): return positions_in_meta(area_, box);
    case box_type("uuid"): return positions_in_uuid(area_, box);
    case box_type("free"):
    case box_type("skip"): return log_block(box.whole);
    case box_type("xml "): return positions_in_xmp(TRY(area_.part(box.body)));
    case box_type("Exif"): {  // as an item's: a number, and TIFF so far behind it
      if (box.body.length < 4) return {};
      const std::uint64_t skip = TRY(area_.u32(box.body.offset));
      const Area tiff = TRY(area_.part(box.body)).from(4 + skip);
      return TRY(is_tiff(tiff)) ? positions_in_tiff(tiff) : Done{};
    }
    case box_type("brob"): {  // compressed: it goes as a whole
      const bool exif = TRY(area_.has(box.body.offset, "Exif"));
      return exif || TRY(area_.has(box.body.offset, "xml ")) ? make_free(area_, box) : Done{};
    }
    default: return is_place_box(box.type) ? dash_camera(box) : Done{};
  }
}

Done BoxWalk::movie(const Box& moov) {
  return each_box(area_, moov.body, [&](const Box& box) -> Done {
    switch (box.type) {
      case box_type("trak"): return positions_in_track(area_, box, tracks_);
      case box_type("udta"): return positions_in_user_data(area_, box);
      case box_type("meta"): return positions_in_meta(area_, box);
      case box_type("uuid"): return positions_in_uuid(area_, box);
      case box_type("mvex"): return note_defaults(area_, box, tracks_);
      case box_type("cmov"): return refuse(Why::unsupported);  // all of it, compressed
      default: return is_place_box(box.type) ? dash_camera(box) : Done{};
    }
  });
}

// Many dash cameras keep a table of offsets and sizes of blocks that each hold one fix.
Done BoxWalk::dash_camera(const Box& table) {
  for (std::uint64_t i = 8; table.body.length >= 8 && i <= table.body.length - 8; i += 8) {
    TRY(area_.look().step());
    const Range block{TRY(area_.u32(table.body.offset + i)),
                      TRY(area_.u32(table.body.offset + i + 4))};
    if (block.length >= 12 && area_.holds(block)) TRY(log_block(block));
  }
  return make_free(area_, table);
}

Done BoxWalk::log_block(Range block) {
  if (block.length < 12 || !TRY(area_.has(block.offset + 4, "freeGPS "))) return {};
  return area_.fill({block.offset + 8, block.length - 8}, std::byte{0});
}

}  // namespace

Got<bool> is_boxes(const Area& area) {
  if (area.size() < 8) return false;
  for (const std::string_view type : {"ftyp"sv, "moov"sv, "mdat"sv, "wide"sv, "free"sv, "skip"sv,
                                      "pnot"sv, "styp"sv, "JXL "sv, "jP  "sv}) {
    if (TRY(area.has(4, type))) return TRY(area.u32(0)) < 8 ? TRY(area.u32(0)) < 2 : true;
  }
  return false;
}

Got<std::uint64_t> positions_in_boxes(const Area& area, Around around) {
  const Deeper deeper{area.look()};
  TRY(deeper.allowed());
  return BoxWalk{area, around}.run();
}

}  // namespace sluice::inspect
