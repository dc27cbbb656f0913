// SPDX-License-Identifier: MIT
// How the readers of media see a file: as it will be once it is redacted. What one of them has
// removed the next does not find, a checksum is taken of what will be there, and whatever is read
// or changed is counted against the budget.
//
// An Area is a run of bytes as a format means it, which may lie in the file in several pieces (a
// packet spread over segments, an item over extents). All lengths are checked here, once.
#pragma once

#include <array>
#include <expected>
#include <vector>

#include "sluice/inspect/media.h"

namespace sluice::inspect {

template <class T>
using Got = std::expected<T, Why>;
using Done = Got<void>;

constexpr std::unexpected<Why> refuse(Why why) noexcept { return std::unexpected{why}; }

enum class Order : std::uint8_t { big, little };

// One inspection of one file. Not copyable; outlives its areas.
class Look {
 public:
  Look(const Source& file, Budget& budget, Redaction& out) noexcept
      : file_{file}, budget_{budget}, out_{out} {}
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;

  std::uint64_t size() const noexcept { return file_.size(); }
  Budget& budget() const noexcept { return budget_; }

  // Each answers Why::too_large when the budget is used up.
  Done step(std::uint64_t n = 1) noexcept;
  Done read(std::uint64_t offset, MutableBytes into) noexcept;

  // Something is to be removed. errors: full.
  Done fill(Range range, std::byte value);
  Done replace(std::uint64_t offset, Bytes bytes);
  // How often something was; a reader that changes nothing leaves it as it is.
  std::uint64_t changes() const noexcept { return changes_; }

 private:
  friend class Deeper;
  static constexpr std::size_t kBlock = 4096;

  Done read_file(std::uint64_t offset, MutableBytes into) noexcept;
  Done counted(Added added);

  const Source& file_;
  Budget& budget_;
  Redaction& out_;
  std::uint64_t changes_ = 0;
  unsigned depth_ = 0;
  // Most reads are of a few bytes near the last ones; the file's own bytes, before redaction.
  std::array<std::byte, kBlock> block_;
  std::uint64_t block_at_ = 0;
  std::size_t block_length_ = 0;
};

// Counts one thing within another for as long as it lives.
class Deeper {
 public:
  explicit Deeper(Look& look) noexcept : look_{look} { ++look_.depth_; }
  ~Deeper() { --look_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
  // errors: too_deep.
  Done allowed() const noexcept;

 private:
  Look& look_;
};

class Area {
 public:
  // `range` must lie within the file or is cut where it does not.
  Area(Look& look, Range range);
  // Pieces in their logical order.
  Area(Look& look, std::vector<Range> pieces);

  Look& look() const noexcept { return *look_; }
  std::uint64_t size() const noexcept { return size_; }
  // Tells whether `range` lies within; safe whatever its numbers are.
  bool holds(Range range) const noexcept {
    return range.offset <= size_ && range.length <= size_ - range.offset;
  }

  // Gives a part as an area. errors: malformed when it is not within.
  Got<Area> part(Range range) const;
  // Gives what is left from `offset` on; empty beyond the end.
  Area from(std::uint64_t offset) const;

  // errors: malformed outside of the area; those of Look.
  Done read(std::uint64_t offset, MutableBytes into) const;
  Got<std::uint64_t> number(std::uint64_t offset, unsigned width, Order order) const;
  Got<std::uint32_t> u32(std::uint64_t offset) const;  // big-endian, as are most formats here
  Got<std::uint16_t> u16(std::uint64_t offset) const;
  Got<std::uint8_t> u8(std::uint64_t offset) const;
  // Gives all bytes. errors: too_large above `most`.
  Got<std::vector<std::byte>> bytes(std::uint64_t most) const;
  // Tells whether the bytes at `offset` are `text`; false beyond the end.
  Got<bool> has(std::uint64_t offset, std::string_view text) const;
  // Tells whether a byte that is not zero is in `range`, of which at most 64 KiB are looked at.
  Got<bool> has_anything(Range range) const;

  Done fill(Range range, std::byte value) const;
  Done replace(std::uint64_t offset, Bytes bytes) const;

  // Gives where the area lies in the file.
  const std::vector<Range>& pieces() const noexcept { return pieces_; }

 private:
  // Calls `use(file range, offset from range.offset)` for each piece of `range`.
  template <class Use>
  Done each_piece(Range range, Use use) const;

  Look* look_;
  std::vector<Range> pieces_;
  std::vector<std::uint64_t> starts_;  // logical, of each piece; empty if there is but one
  std::uint64_t size_ = 0;
};

}  // namespace sluice::inspect
