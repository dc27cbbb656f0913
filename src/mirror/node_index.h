// SPDX-License-Identifier: MIT
// NodeIndex: finds a node's slot by its key, in a memory file beside the slots.
//
// A linear hash table: an array of u32 bucket heads, chained through the slots themselves. It
// grows by one bucket at a time, splitting the bucket whose turn it is, so no insert ever pays for
// all others and ten million nodes never stop the mount. Two buckets a node at most: eight bytes,
// and a look-up touches 1.25 slots on average, each one cache line.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/mirror/memory_file.h"
#include "sluice/mirror/node_slot.h"
#include "sluice/mirror/record_slab.h"

namespace sluice::mirror {

// The key of a node: all that tells it from others, ready to be hashed and compared.
struct NodeKey {
  std::uint64_t fixed;  // mount, grade, type, length, grant and epoch
  Bytes handle;         // borrowed
};
NodeKey key_of(const LowerHandle& handle, NodeKeyExtra extra) noexcept;

class NodeIndex {
 public:
  static constexpr std::uint32_t kFirstBuckets = 1024;

  // All borrowed for as long as the index lives; the caller locks.
  NodeIndex(MemoryFile& file, NodeHeader& header, const RecordSlab& records) noexcept
      : file_{file}, header_{header}, records_{records} {}

  // Makes the first buckets of a new table. errors: ENOMEM, ENOSPC.
  Result<void> start();
  // Empties all buckets; for putting them together again.
  void clear();

  // Gives the number of the slot with this key, 0 for none.
  std::uint32_t find(const NodeKey& key) const;
  void insert(std::uint32_t slot);
  // False when the slot is not in its bucket: the index is damaged.
  bool remove(std::uint32_t slot);
  // Splits buckets until there are two for each of `nodes`, a few at most; without memory for
  // more the chains just get longer.
  void grow_towards(std::uint64_t nodes);

  // Gives the number of slots the buckets hold, or EIO when a chain is wrong: a slot in another
  // bucket than its key's, twice, or not live. For tests and for attach.
  Result<std::uint64_t> check() const;

 private:
  using Scratch = std::array<std::byte, LowerHandle::kMaxBytes>;

  NodeSlot& slot(std::uint32_t number) const noexcept {
    return reinterpret_cast<NodeSlot*>(file_.base(kSlots))[number];
  }
  std::uint32_t& head(std::uint32_t bucket) const noexcept {
    return reinterpret_cast<std::uint32_t*>(file_.base(kBuckets))[bucket];
  }
  bool valid(std::uint32_t number) const noexcept {
    return number != 0 && number < header_.slots_used_to;
  }
  NodeKey key_of_slot(const NodeSlot& slot, Scratch& scratch) const;
  std::uint32_t bucket_of(const NodeKey& key) const;
  std::uint32_t bucket_of(std::uint32_t number) const;
  bool split_one();

  MemoryFile& file_;
  NodeHeader& header_;
  const RecordSlab& records_;
};

}  // namespace sluice::mirror
