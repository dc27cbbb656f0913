// SPDX-License-Identifier: MIT
// Reading through the redaction, and logical offsets to offsets in the file.
#include "sluice/inspect/area.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::inspect {
namespace {

// Boxes are six deep in a video, and that may be in the trailer of a picture; deeper is not meant.
constexpr unsigned kMostDepth = 20;

}  // namespace

Done Look::step(std::uint64_t n) noexcept {
  if (!budget_.take_steps(n)) return refuse(Why::too_large);
  return {};
}

Done Look::read_file(std::uint64_t offset, MutableBytes into) noexcept {
  if (!budget_.take_bytes(into.size())) return refuse(Why::too_large);
  if (!file_.read(offset, into)) return refuse(Why::unreadable);
  return {};
}

Done Look::read(std::uint64_t offset, MutableBytes into) noexcept {
  if (into.empty()) return {};
  const bool in_block = offset >= block_at_ && offset - block_at_ <= block_length_ &&
                        into.size() <= block_length_ - (offset - block_at_);
  if (in_block) {
    std::memcpy(into.data(), block_.data() + (offset - block_at_), into.size());
  } else if (into.size() > kBlock / 4) {
    TRY(read_file(offset, into));
  } else {
    block_length_ = 0;
    const std::size_t length = std::min<std::uint64_t>(kBlock, file_.size() - offset);
    if (length < into.size()) return refuse(Why::unreadable);
    TRY(read_file(offset, MutableBytes{block_}.first(length)));
    block_at_ = offset;
    block_length_ = length;
    std::memcpy(into.data(), block_.data(), into.size());
  }
  out_.apply(offset, into);
  return {};
}

Done Look::counted(Added added) {
  if (added == Added::full) return refuse(Why::full);
  if (added == Added::outside) return refuse(Why::malformed);
  ++changes_;
  return {};
}

Done Look::fill(Range range, std::byte value) { return counted(out_.add(range, value)); }

Done Look::replace(std::uint64_t offset, Bytes bytes) {
  return counted(out_.add(Range{offset, bytes.size()}, bytes));
}

Done Deeper::allowed() const noexcept {
  if (look_.depth_ > kMostDepth) return refuse(Why::too_deep);
  return {};
}

Area::Area(Look& look, Range range) : Area{look, std::vector<Range>{range}} {}

Area::Area(Look& look, std::vector<Range> pieces) : look_{&look}, pieces_{std::move(pieces)} {
  for (Range& piece : pieces_) {
    piece.offset = std::min(piece.offset, look.size());
    piece.length = std::min(piece.length, look.size() - piece.offset);
  }
  std::erase_if(pieces_, [](Range piece) { return piece.length == 0; });
  if (pieces_.size() > 1) starts_.reserve(pieces_.size());
  for (const Range piece : pieces_) {
    if (pieces_.size() > 1) starts_.push_back(size_);
    // Pieces may overlap; only a file nobody has makes their sum go round.
    size_ += std::min(piece.length, ~std::uint64_t{0} - size_);
  }
}

template <class Use>
Done Area::each_piece(Range range, Use use) const {
  if (!holds(range)) return refuse(Why::malformed);
  if (range.length == 0) return {};
  if (starts_.empty()) {
    return use(Range{pieces_.front().offset + range.offset, range.length}, std::uint64_t{0});
  }
  auto i = static_cast<std::size_t>(
      std::prev(std::upper_bound(starts_.begin(), starts_.end(), range.offset)) - starts_.begin());
  std::uint64_t done = 0;
  for (; done < range.length && i < pieces_.size(); ++i) {
    const std::uint64_t within = range.offset + done - starts_[i];
    const std::uint64_t length = std::min(pieces_[i].length - within, range.length - done);
    TRY(use(Range{pieces_[i].offset + within, length}, done));
    done += length;
  }
  return {};
}

Got<Area> Area::part(Range range) const {
  std::vector<Range> pieces;
  TRY(each_piece(range, [&](Range piece, std::uint64_t) -> Done {
    pieces.push_back(piece);
    return {};
  }));
  return Area{*look_, std::move(pieces)};
}

Area Area::from(std::uint64_t offset) const {
  if (offset >= size_) return Area{*look_, std::vector<Range>{}};
  auto rest = part({offset, size_ - offset});
  return std::move(*rest);
}

Done Area::read(std::uint64_t offset, MutableBytes into) const {
  return each_piece({offset, into.size()}, [&](Range piece, std::uint64_t at) {
    return look_->read(piece.offset, into.subspan(at, piece.length));
  });
}

Got<std::uint64_t> Area::number(std::uint64_t offset, unsigned width, Order order) const {
  std::array<std::byte, 8> raw{};
  TRY(read(offset, MutableBytes{raw}.first(width)));
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value =
        value << 8 | std::to_integer<std::uint64_t>(raw[order == Order::big ? i : width - 1 - i]);
  }
  return value;
}

Got<std::uint32_t> Area::u32(std::uint64_t offset) const {
  return static_cast<std::uint32_t>(TRY(number(offset, 4, Order::big)));
}

Got<std::uint16_t> Area::u16(std::uint64_t offset) const {
  return static_cast<std::uint16_t>(TRY(number(offset, 2, Order::big)));
}

Got<std::uint8_t> Area::u8(std::uint64_t offset) const {
  return static_cast<std::uint8_t>(TRY(number(offset, 1, Order::big)));
}

Got<std::vector<std::byte>> Area::bytes(std::uint64_t most) const {
  if (size_ > most) return refuse(Why::too_large);
  std::vector<std::byte> all(size_);
  TRY(read(0, all));
  return all;
}

Got<bool> Area::has(std::uint64_t offset, std::string_view text) const {
  if (!holds({offset, text.size()})) return false;
  std::array<std::byte, 64> room;
  const MutableBytes there = MutableBytes{room}.first(std::min(text.size(), room.size()));
  TRY(read(offset, there));
  return text_of(there) == text;
}

Got<bool> Area::has_anything(Range range) const {
  if (!holds(range)) return refuse(Why::malformed);
  const auto part_of_it = TRY(part({range.offset, std::min<std::uint64_t>(range.length, 65536)}));
  const auto all = TRY(part_of_it.bytes(65536));
  return std::ranges::any_of(all, [](std::byte b) { return b != std::byte{0}; });
}

Done Area::fill(Range range, std::byte value) const {
  return each_piece(range, [&](Range piece, std::uint64_t) { return look_->fill(piece, value); });
}

Done Area::replace(std::uint64_t offset, Bytes bytes) const {
  return each_piece({offset, bytes.size()}, [&](Range piece, std::uint64_t at) {
    return look_->replace(piece.offset, bytes.subspan(at, piece.length));
  });
}

}  // namespace sluice::inspect
