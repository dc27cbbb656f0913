// SPDX-License-Identifier: MIT
// Directories (IFDs) are taken from a list and looked at once each, so neither cycles nor chains
// cost more than the list is long. A directory that holds positions is written anew without them:
// count, remaining entries, the offset of the next directory, zeros. No value moves, so that no
// offset elsewhere changes.
//
// source: TIFF 6.0; BigTIFF; Exif 2.32 4.6 (the GPS IFD is behind tag 0x8825); GeoTIFF 1.1
#include "sluice/inspect/tiff.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include "sluice/inspect/iptc.h"
#include "sluice/inspect/jpeg.h"
#include "sluice/inspect/makernote.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

constexpr std::size_t kMostEntries = 4096;
constexpr std::size_t kMostDirectories = 4096;
constexpr std::size_t kMostSubDirectories = 256;  // of one entry

namespace tag {
constexpr std::uint64_t kPanasonicJpeg = 0x002E;
constexpr std::uint64_t kSubDirectories = 0x014A;
constexpr std::uint64_t kJpegOffset = 0x0201;
constexpr std::uint64_t kJpegLength = 0x0202;
constexpr std::uint64_t kXmp = 0x02BC;
constexpr std::uint64_t kIptc = 0x83BB;
constexpr std::uint64_t kPhotoshop = 0x8649;
constexpr std::uint64_t kExif = 0x8769;
constexpr std::uint64_t kGps = 0x8825;
constexpr std::uint64_t kMakerNote = 0x927C;
constexpr std::uint64_t kInterop = 0xA005;
constexpr std::uint64_t kPadding = 0xEA1C;
}  // namespace tag

// Where the raster lies on earth: pixel scale, tie points, transformation, and the keys to them.
constexpr bool is_georeference(std::uint64_t id) noexcept {
  return id == 33550 || id == 33922 || id == 34264 || (id >= 34735 && id <= 34737);
}

// Gives the bytes that one value of `type` takes; 0 for a type nobody knows.
constexpr std::uint64_t size_of_type(std::uint64_t type) noexcept {
  constexpr std::uint8_t kSizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
  return type < std::size(kSizes) ? kSizes[type] : 0;
}

struct Entry {
  std::uint64_t at;  // of the entry itself
  std::uint64_t id;
  std::uint64_t type;
  std::uint64_t count;
  Range value;  // length 0 where it is outside of the structure or of no known type
  bool apart;   // not within the entry
};

class TiffWalk {
 public:
  explicit TiffWalk(const Area& area) noexcept : area_{area} {}

  Done run(FirstDirectory first);

 private:
  struct Layout {
    unsigned count, entry, word;  // bytes of a directory's count, of an entry, of an offset
  };

  Got<std::uint64_t> number(std::uint64_t at, unsigned width) const {
    return area_.number(at, width, order_);
  }
  Got<std::uint64_t> header();
  Got<std::vector<Entry>> entries_of(std::uint64_t directory) const;
  Got<Entry> entry_at(std::uint64_t at) const;
  Got<std::uint64_t> first_value(const Entry& entry) const;
  void follow(std::uint64_t directory);
  Done directory(std::uint64_t at);
  Done look_into(const Entry& entry);
  Done sub_directories(const Entry& entry);
  Done thumbnail(const std::vector<Entry>& entries);
  Done empty_gps(std::uint64_t directory);
  Done forget(const Entry& entry);
  Done write_without(std::uint64_t at, const std::vector<Entry>& entries,
                     const std::vector<bool>& removed);

  const Area& area_;
  Order order_ = Order::big;
  Layout layout_{2, 12, 4};
  std::deque<std::uint64_t> waiting_;
  std::set<std::uint64_t> known_;
  std::optional<Area> changed_iim_;
};

// Gives the offset of the first directory.
Got<std::uint64_t> TiffWalk::header() {
  if (!TRY(is_tiff(area_))) return refuse(Why::malformed);
  order_ = TRY(area_.u8(0)) == 'M' ? Order::big : Order::little;
  if (TRY(number(2, 2)) != 43) return number(4, 4);
  if (TRY(number(4, 2)) != 8) return refuse(Why::malformed);
  layout_ = {8, 20, 8};
  return number(8, 8);
}

Got<Entry> TiffWalk::entry_at(std::uint64_t at) const {
  Entry entry{};
  entry.at = at;
  entry.id = TRY(number(at, 2));
  entry.type = TRY(number(at + 2, 2));
  entry.count = TRY(number(at + 4, layout_.word));
  const std::uint64_t unit = size_of_type(entry.type);
  const std::uint64_t field = at + 4 + layout_.word;
  if (unit == 0 || entry.count > area_.size() / unit) return entry;
  const std::uint64_t length = unit * entry.count;
  entry.apart = length > layout_.word;
  const Range value{entry.apart ? TRY(number(field, layout_.word)) : field, length};
  if (area_.holds(value)) entry.value = value;
  return entry;
}

Got<std::vector<Entry>> TiffWalk::entries_of(std::uint64_t directory) const {
  const std::uint64_t count = TRY(number(directory, layout_.count));
  if (count > (area_.size() - directory) / layout_.entry) return refuse(Why::malformed);
  if (count > kMostEntries) return refuse(Why::too_large);
  if (!area_.holds({directory + layout_.count, count * layout_.entry})) {
    return refuse(Why::malformed);
  }
  TRY(area_.look().step(count + 1));
  std::vector<Entry> entries;
  entries.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    entries.push_back(TRY(entry_at(directory + layout_.count + i * layout_.entry)));
  }
  return entries;
}

// Gives the first value as an offset or length; 0 where there is none.
Got<std::uint64_t> TiffWalk::first_value(const Entry& entry) const {
  const std::uint64_t unit = size_of_type(entry.type);
  if (entry.value.length < unit || unit < 2) return 0;
  return number(entry.value.offset, static_cast<unsigned>(unit));
}

// Offsets that lead nowhere lead no reader anywhere either.
void TiffWalk::follow(std::uint64_t directory) {
  if (directory == 0 || !area_.holds({directory, layout_.count})) return;
  if (known_.insert(directory).second) waiting_.push_back(directory);
}

Done TiffWalk::run(FirstDirectory first) {
  const std::uint64_t start = TRY(header());
  if (!area_.holds({start, layout_.count})) return refuse(Why::malformed);
  if (first == FirstDirectory::gps) return empty_gps(start);
  follow(start);
  while (!waiting_.empty()) {
    if (known_.size() > kMostDirectories) return refuse(Why::too_large);
    const std::uint64_t at = waiting_.front();
    waiting_.pop_front();
    TRY(directory(at));
  }
  return {};
}

Done TiffWalk::directory(std::uint64_t at) {
  const std::vector<Entry> entries = TRY(entries_of(at));
  std::vector<bool> removed(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (entry.id == tag::kGps) {
      const std::uint64_t gps = TRY(first_value(entry));
      if (gps != 0 && area_.holds({gps, layout_.count})) TRY(empty_gps(gps));
      removed[i] = true;
    } else if (is_georeference(entry.id)) {
      TRY(forget(entry));
      removed[i] = true;
    } else {
      TRY(look_into(entry));
    }
  }
  TRY(thumbnail(entries));
  const std::uint64_t next = at + layout_.count + entries.size() * layout_.entry;
  if (area_.holds({next, layout_.word})) follow(TRY(number(next, layout_.word)));
  if (std::ranges::find(removed, true) == removed.end()) return {};
  return write_without(at, entries, removed);
}

Done TiffWalk::look_into(const Entry& entry) {
  if (entry.id == tag::kExif || entry.id == tag::kInterop || entry.id == tag::kSubDirectories) {
    return sub_directories(entry);
  }
  if (entry.value.length == 0) return {};
  if (entry.id == tag::kMakerNote) return positions_in_maker_note(area_, entry.value, order_);
  const bool holds_more = entry.id == tag::kXmp || entry.id == tag::kIptc ||
                          entry.id == tag::kPhotoshop || entry.id == tag::kPanasonicJpeg;
  if (!holds_more) return {};
  const Area value = TRY(area_.part(entry.value));
  if (entry.id == tag::kXmp) return positions_in_xmp(value);
  if (entry.id == tag::kIptc) {
    const std::uint64_t before = area_.look().changes();
    TRY(positions_in_iim(value));
    if (area_.look().changes() != before) changed_iim_ = value;
    return {};
  }
  if (entry.id == tag::kPhotoshop) {
    return positions_in_photoshop(value, changed_iim_ ? &*changed_iim_ : nullptr);
  }
  return TRY(is_jpeg(value)) ? positions_in_jpeg(value) : Done{};
}

Done TiffWalk::sub_directories(const Entry& entry) {
  const std::uint64_t unit = size_of_type(entry.type);
  if (entry.value.length == 0 || unit < 2) return {};
  if (entry.count > kMostSubDirectories) return refuse(Why::too_large);
  for (std::uint64_t i = 0; i < entry.count; ++i) {
    follow(TRY(number(entry.value.offset + i * unit, static_cast<unsigned>(unit))));
  }
  return {};
}

// An embedded JPEG may have Exif of its own. Broken ones are common, and readers go on without; but
// what cannot be followed must not be what hides a position.
Done TiffWalk::thumbnail(const std::vector<Entry>& entries) {
  Range where;
  for (const Entry& entry : entries) {
    if (entry.id == tag::kJpegOffset) where.offset = TRY(first_value(entry));
    if (entry.id == tag::kJpegLength) where.length = TRY(first_value(entry));
  }
  if (where.offset == 0 || where.length < 4 || !area_.holds(where)) return {};
  const Area jpeg = TRY(area_.part(where));
  if (!TRY(is_jpeg(jpeg))) return {};
  const Done done = positions_in_jpeg(jpeg);
  if (!done && done.error() == Why::malformed && !TRY(mentions_metadata(jpeg))) return {};
  return done;
}

// Zeroes what an entry says outside of itself.
Done TiffWalk::forget(const Entry& entry) {
  if (entry.value.length == 0 || !entry.apart) return {};
  return area_.fill(entry.value, std::byte{0});
}

// Zeroes a directory of positions with its values. What stands after its entries may be the offset
// of a next directory or, with careless writers, something else; it is left alone.
Done TiffWalk::empty_gps(std::uint64_t directory) {
  const std::vector<Entry> entries = TRY(entries_of(directory));
  if (entries.empty()) return {};
  for (const Entry& entry : entries) TRY(forget(entry));
  const std::uint64_t length = layout_.count + entries.size() * layout_.entry;
  return area_.fill({directory, length}, std::byte{0});
}

Done TiffWalk::write_without(std::uint64_t at, const std::vector<Entry>& entries,
                             const std::vector<bool>& removed) {
  const std::uint64_t next = at + layout_.count + entries.size() * layout_.entry;
  const bool has_next = area_.holds({next, layout_.word});
  std::vector<std::byte> text(next - at + (has_next ? layout_.word : 0));
  std::uint64_t kept = 0;
  std::uint64_t end = layout_.count;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (removed[i]) continue;
    TRY(area_.read(entries[i].at, MutableBytes{text}.subspan(end, layout_.entry)));
    end += layout_.entry;
    ++kept;
  }
  const auto put = [&](std::uint64_t offset, std::uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) {
      const unsigned shift = 8 * (order_ == Order::big ? width - 1 - i : i);
      text[offset + i] = static_cast<std::byte>(value >> shift & 0xFF);
    }
  };
  if (kept == 0) {  // a directory must not be empty: padding, which readers know to skip
    put(end, tag::kPadding, 2);
    put(end + 2, 7, 2);
    put(end + 4, layout_.word, layout_.word);
    end += layout_.entry;
    kept = 1;
  }
  put(0, kept, layout_.count);
  if (has_next) TRY(area_.read(next, MutableBytes{text}.subspan(end, layout_.word)));
  return area_.replace(at, text);
}

}  // namespace

Got<bool> is_tiff(const Area& area) {
  if (area.size() < 8) return false;
  for (const Order order : {Order::big, Order::little}) {
    if (!TRY(area.has(0, order == Order::big ? "MM" : "II"))) continue;
    const std::uint64_t magic = TRY(area.number(2, 2, order));
    // TIFF, BigTIFF, Panasonic's, and Olympus' two
    for (const std::uint64_t known : {42, 43, 0x55, 0x4F52, 0x5352}) {
      if (magic == known) return true;
    }
  }
  return false;
}

Done positions_in_tiff(const Area& area, FirstDirectory first) {
  const Deeper deeper{area.look()};
  TRY(deeper.allowed());
  return TiffWalk{area}.run(first);
}

}  // namespace sluice::inspect
