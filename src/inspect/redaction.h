// SPDX-License-Identifier: MIT
// What is to be changed in a file before somebody may have it: a sorted set of patches that do not
// overlap, over a file whose length never changes. A patch repeats one byte over its range, or puts
// other bytes of the same length there, where a format wants valid ones (a checksum, say).
//
// A piece of the file can be patched without the rest at hand, so that a redacted file can be
// served range by range. Copyable; may be read by many threads once nobody adds to it any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "sluice/base/bytes.h"

namespace sluice::inspect {

// Bytes [offset, offset + length) of a file.
struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  constexpr std::uint64_t end() const noexcept { return offset + length; }
  friend constexpr bool operator==(Range, Range) noexcept = default;
};

enum class Added : std::uint8_t {
  yes,
  outside,  // not within the file
  full,     // would take more memory than allowed
};

class Redaction {
 public:
  // What patches may take in memory when nothing else is said: about half a million of them.
  static constexpr std::size_t kDefaultMemory = std::size_t{32} << 20;

  explicit Redaction(std::uint64_t file_size, std::size_t memory = kDefaultMemory) noexcept
      : file_size_{file_size}, memory_{memory} {}

  // Adds a patch. What an earlier one said of the same bytes is replaced. Nothing is changed unless
  // the answer is Added::yes; an empty range within the file is added by doing nothing.
  [[nodiscard]] Added add(Range range, std::byte fill);
  // `bytes` (copied) must be as long as `range`; if not, the answer is Added::outside.
  [[nodiscard]] Added add(Range range, Bytes bytes);

  // Patches `piece`, which holds the file's bytes from `offset` on; any piece, of any length.
  void apply(std::uint64_t offset, MutableBytes piece) const noexcept;

  bool empty() const noexcept { return patches_.empty(); }
  std::uint64_t file_size() const noexcept { return file_size_; }
  // Gives what is patched, in ascending order; ranges that touch are given as one.
  std::vector<Range> ranges() const;
  // Gives how many bytes are patched.
  std::uint64_t patched() const noexcept;

 private:
  static constexpr std::uint64_t kRepeats = ~std::uint64_t{0};
  struct Patch {
    std::uint64_t length;
    std::uint64_t stored;  // where in store_ its bytes begin, or kRepeats
    std::byte fill;        // where stored is kRepeats
  };
  using Patches = std::map<std::uint64_t, Patch>;

  Added room_for(Range range, std::size_t bytes) const noexcept;
  void clear(Range range);
  void merge_around(Patches::iterator patch);

  std::uint64_t file_size_;
  std::size_t memory_;
  Patches patches_;  // by offset
  std::vector<std::byte> store_;
};

}  // namespace sluice::inspect
