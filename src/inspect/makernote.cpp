// SPDX-License-Identifier: MIT
// Notes follow no standard. Those that are known to hold places are directories as TIFF's; what
// their offsets count from differs by maker and by whatever program rewrote the file, so a value is
// zeroed wherever it could be, as long as that is within the note.
#include "sluice/inspect/makernote.h"

#include <algorithm>
#include <span>

namespace sluice::inspect {
namespace {

constexpr std::uint64_t kMostEntries = 1024;
constexpr std::uint64_t kMostValue = 65536;

constexpr std::uint16_t kNikon[] = {0x0039};  // LocationInfo
// Location, Country, State, City, Landmark, and City again
constexpr std::uint16_t kPanasonic[] = {0x0067, 0x0069, 0x006B, 0x006D, 0x006F, 0x0080};
constexpr std::uint16_t kSamsung[] = {0x0030, 0x0031};  // the place's name, local and not

struct Note {
  std::uint64_t directory = 0;            // in the TIFF structure
  std::vector<std::uint64_t> bases = {};  // what offsets may count from
  Order order = Order::big;
  std::span<const std::uint16_t> places = {};
};

Got<Note> note_of(const Area& tiff, Range note, Order order) {
  if (TRY(tiff.has(note.offset, std::string_view{"Nikon\0", 6})) && note.length > 20) {
    const std::uint64_t header = note.offset + 10;
    const bool little = TRY(tiff.has(header, "II"));
    if (!little && !TRY(tiff.has(header, "MM"))) return Note{};
    const Order own = little ? Order::little : Order::big;
    const std::uint64_t first = TRY(tiff.number(header + 4, 4, own));
    return Note{header + first, {header}, own, kNikon};
  }
  if (TRY(tiff.has(note.offset, "Panasonic"))) {
    return Note{note.offset + 12, {0, note.offset}, order, kPanasonic};
  }
  // Samsung's has no name; its first entry is the version, four characters of type undefined.
  if (note.length > 20) {
    const bool version = TRY(tiff.number(note.offset + 2, 2, order)) == 1 &&
                         TRY(tiff.number(note.offset + 4, 2, order)) == 7 &&
                         TRY(tiff.number(note.offset + 6, 4, order)) == 4 &&
                         TRY(tiff.has(note.offset + 10, "0100"));
    if (version) return Note{note.offset, {0, note.offset}, order, kSamsung};
  }
  return Note{};
}

bool within(Range inner, Range outer) noexcept {
  return inner.offset >= outer.offset && inner.offset - outer.offset <= outer.length &&
         inner.length <= outer.length - (inner.offset - outer.offset);
}

Done zero(const Area& tiff, Range value) {
  return TRY(tiff.has_anything(value)) ? tiff.fill(value, std::byte{0}) : Done{};
}

Done forget(const Area& tiff, Range note, const Note& known, std::uint64_t entry) {
  const std::uint64_t type = TRY(tiff.number(entry + 2, 2, known.order));
  const std::uint64_t count = TRY(tiff.number(entry + 4, 4, known.order));
  const bool bytes = type == 1 || type == 2 || type == 6 || type == 7;
  const std::uint64_t length = bytes ? count : 2 * count;
  if (length <= 4) return zero(tiff, {entry + 8, 4});
  if (length > kMostValue) return refuse(Why::too_large);
  const std::uint64_t offset = TRY(tiff.number(entry + 8, 4, known.order));
  for (const std::uint64_t base : known.bases) {
    const Range value{base + offset, length};
    if (within(value, note)) TRY(zero(tiff, value));
  }
  return {};
}

}  // namespace

Done positions_in_maker_note(const Area& tiff, Range note, Order order) {
  if (!tiff.holds(note) || note.length < 12) return {};
  const Note known = TRY(note_of(tiff, note, order));
  if (known.places.empty() || !within({known.directory, 2}, note)) return {};
  const std::uint64_t count = TRY(tiff.number(known.directory, 2, known.order));
  if (count > kMostEntries) return refuse(Why::too_large);
  TRY(tiff.look().step(count + 1));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t entry = known.directory + 2 + 12 * i;
    if (!within({entry, 12}, note)) return refuse(Why::malformed);
    const auto id = static_cast<std::uint16_t>(TRY(tiff.number(entry, 2, known.order)));
    if (std::ranges::count(known.places, id) != 0) TRY(forget(tiff, note, known, entry));
  }
  return {};
}

}  // namespace sluice::inspect
