// SPDX-License-Identifier: MIT
// RecordSlab: byte strings of a few dozen to a thousand bytes in chained 64-byte records of a
// memory file section; named by the number of their first record, which is never 0. It holds what
// does not fit a node's slot: long handles and the names of directories.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/mirror/memory_file.h"
#include "sluice/mirror/node_slot.h"

namespace sluice::mirror {

class RecordSlab {
 public:
  static constexpr std::size_t kPayload = 60;

  // file, counts  borrowed for as long as the slab lives; the caller locks.
  RecordSlab(MemoryFile& file, std::size_t section, RecordCounts& counts) noexcept
      : file_{file}, section_{section}, counts_{counts} {}

  // Keeps a copy of `bytes` (1 or more).
  // errors  ENOMEM, ENOSPC; then nothing was kept.
  Result<std::uint32_t> put(Bytes bytes);
  // Gives the first out.size() bytes of a string. errors: EIO the chain is shorter or broken.
  Result<void> copy(std::uint32_t first, MutableBytes out) const;
  // Gives the records of a string back; 0 is nothing.
  void erase(std::uint32_t first);

  // Sets `used` for every record of the string; false if one is out of range or was set already.
  // For putting the free list together again after a crash; `used` has used_to() entries.
  bool mark(std::uint32_t first, std::vector<bool>& used) const;
  // Makes a free list of all records that are not in `used`.
  void rebuild(const std::vector<bool>& used);
  std::uint32_t used_to() const noexcept { return counts_.used_to; }

 private:
  struct Record {
    std::uint32_t next;
    std::byte payload[kPayload];
  };
  static_assert(sizeof(Record) == 64);

  Record& at(std::uint32_t number) const noexcept {
    return reinterpret_cast<Record*>(file_.base(section_))[number];
  }
  bool valid(std::uint32_t number) const noexcept {
    return number != 0 && number < counts_.used_to;
  }
  Result<std::uint32_t> take();

  MemoryFile& file_;
  std::size_t section_;
  RecordCounts& counts_;
};

}  // namespace sluice::mirror
