// SPDX-License-Identifier: MIT
// `iinf` says what kind each item is, `iloc` where its bytes are. Only items of the kinds that hold
// positions are kept in mind, so that a picture of many tiles costs no memory.
//
// source: ISO/IEC 14496-12 8.11.3 (iloc), 8.11.6 (iinf); ISO/IEC 23008-12 annex A.2 (Exif, XMP)
#include "sluice/inspect/heif.h"

#include <map>

#include "sluice/inspect/tiff.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMostItems = 1024;
constexpr std::uint64_t kMostEntry = 4096;  // bytes of names in an item's entry
constexpr std::uint64_t kMostExtents = 4096;

enum class Kind : std::uint8_t { exif, xmp };
using Items = std::map<std::uint32_t, Kind>;

// Reads numbers one after the other.
class Row {
 public:
  Row(const Area& area, Range range) noexcept : area_{area}, at_{range.offset}, end_{range.end()} {}

  Got<std::uint64_t> take(unsigned width) {
    if (width > 8 || end_ - at_ < width) return refuse(Why::malformed);
    if (width == 0) return 0;
    const std::uint64_t value = TRY(area_.number(at_, width, Order::big));
    at_ += width;
    return value;
  }
  std::uint64_t at() const noexcept { return at_; }
  std::uint64_t left() const noexcept { return end_ - at_; }

 private:
  const Area& area_;
  std::uint64_t at_;
  std::uint64_t end_;
};

Done note_item(const Area& area, const Box& infe, Items& items) {
  Row row{area, infe.body};
  const std::uint64_t version = TRY(row.take(4)) >> 24;
  if (version < 2) return {};  // nameless kinds, before HEIF
  const auto id = static_cast<std::uint32_t>(TRY(row.take(version == 2 ? 2 : 4)));
  TRY(row.take(2));
  const std::uint64_t type = TRY(row.take(4));
  if (items.size() == kMostItems) return refuse(Why::too_large);
  if (type == box_type("Exif")) items[id] = Kind::exif;
  if (type != box_type("mime")) return {};
  // Its name, its content's type and encoding, each ended by NUL.
  const Area rest = TRY(area.part({row.at(), row.left()}));
  const auto bytes = TRY(rest.bytes(kMostEntry));
  std::string_view text = text_of(bytes);
  const std::size_t name_end = text.find('\0');
  if (name_end == text.npos) return refuse(Why::malformed);
  text.remove_prefix(name_end + 1);
  const std::string_view type_text = text.substr(0, text.find('\0'));
  if (type_text.find("xml") == text.npos) return {};
  text.remove_prefix(std::min(type_text.size() + 1, text.size()));
  if (!text.empty() && text.front() != '\0') return refuse(Why::unsupported);
  items[id] = Kind::xmp;
  return {};
}

Got<Items> items_of(const Area& area, const Box& iinf) {
  Items items;
  Row row{area, iinf.body};
  const std::uint64_t version = TRY(row.take(4)) >> 24;
  TRY(row.take(version == 0 ? 2 : 4));
  TRY(each_box(area, {row.at(), row.left()}, [&](const Box& box) -> Done {
    return box.type == box_type("infe") ? note_item(area, box, items) : Done{};
  }));
  return items;
}

// A number says how far behind it the TIFF structure begins; some writers put `Exif` there.
Done look_into_exif(const Area& item) {
  if (item.size() < 4) return {};
  const std::uint64_t skip = TRY(item.u32(0));
  for (const std::uint64_t start : {4 + skip, std::uint64_t{4}, std::uint64_t{0}}) {
    std::uint64_t at = start;
    if (TRY(item.has(at, "Exif\0\0"sv))) at += 6;
    const Area tiff = item.from(at);
    if (TRY(is_tiff(tiff))) return positions_in_tiff(tiff);
  }
  return refuse(Why::malformed);
}

class Locations {
 public:
  Locations(const Area& area, const Items& items, std::optional<Box> idat) noexcept
      : area_{area}, items_{items}, idat_{idat} {}

  Done run(const Box& iloc) {
    Row row{area_, iloc.body};
    version_ = TRY(row.take(4)) >> 24;
    const std::uint64_t widths = TRY(row.take(2));
    offset_width_ = static_cast<unsigned>(widths >> 12 & 15);
    length_width_ = static_cast<unsigned>(widths >> 8 & 15);
    base_width_ = static_cast<unsigned>(widths >> 4 & 15);
    index_width_ = version_ == 0 ? 0 : static_cast<unsigned>(widths & 15);
    const std::uint64_t count = TRY(row.take(version_ < 2 ? 2 : 4));
    for (std::uint64_t i = 0; i < count; ++i) TRY(item(row));
    return {};
  }

 private:
  Done item(Row& row) {
    TRY(area_.look().step());
    const auto id = static_cast<std::uint32_t>(TRY(row.take(version_ < 2 ? 2 : 4)));
    const std::uint64_t method = version_ == 0 ? 0 : TRY(row.take(2)) & 15;
    const std::uint64_t elsewhere = TRY(row.take(2));
    const std::uint64_t base = TRY(row.take(base_width_));
    const std::uint64_t extents = TRY(row.take(2));
    const auto known = items_.find(id);
    const bool wanted = known != items_.end();
    if (wanted && (method > 1 || elsewhere != 0 || extents > kMostExtents)) {
      return refuse(Why::unsupported);
    }
    if (wanted && method == 1 && !idat_) return refuse(Why::malformed);
    const Range within = method == 1 && idat_ ? idat_->body : Range{0, area_.size()};
    std::vector<Range> pieces;
    for (std::uint64_t i = 0; i < extents; ++i) {
      TRY(area_.look().step());
      TRY(row.take(index_width_));
      const std::uint64_t offset = TRY(row.take(offset_width_));
      const std::uint64_t length = TRY(row.take(length_width_));
      if (wanted) TRY(note(base, offset, length, within, pieces));
    }
    if (!wanted) return {};
    const Area data{area_.look(), std::move(pieces)};
    return known->second == Kind::exif ? look_into_exif(data) : positions_in_xmp(data);
  }

  Done note(std::uint64_t base, std::uint64_t offset, std::uint64_t length, Range within,
            std::vector<Range>& pieces) const {
    if (base > within.length || offset > within.length - base) return refuse(Why::malformed);
    const std::uint64_t left = within.length - base - offset;
    if (length > left) return refuse(Why::malformed);
    const Range range{within.offset + base + offset, length == 0 ? left : length};
    const Area part = TRY(area_.part(range));
    pieces.insert(pieces.end(), part.pieces().begin(), part.pieces().end());
    return {};
  }

  const Area& area_;
  const Items& items_;
  std::optional<Box> idat_;
  std::uint64_t version_ = 0;
  unsigned offset_width_ = 0, length_width_ = 0, base_width_ = 0, index_width_ = 0;
};

}  // namespace

Done positions_in_items(const Area& area, Range inner) {
  const auto iinf = TRY(find_box(area, inner, box_type("iinf")));
  if (!iinf) return {};
  const Items items = TRY(items_of(area, *iinf));
  if (items.empty()) return {};
  const auto iloc = TRY(find_box(area, inner, box_type("iloc")));
  if (!iloc) return {};
  return Locations{area, items, TRY(find_box(area, inner, box_type("idat")))}.run(*iloc);
}

}  // namespace sluice::inspect
