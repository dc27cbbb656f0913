// SPDX-License-Identifier: MIT
#include "sluice/mirror/node_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::mirror {
namespace {

constexpr std::uint32_t kMaxBuckets = std::uint32_t{1} << 31;
// How many buckets one insert may split: two keep up with it, the rest catches up after a failure.
constexpr int kSplitsAtOnce = 4;

std::uint64_t fixed_part(unsigned mount_and_grade, unsigned type, std::size_t length,
                         unsigned grant, unsigned epoch) {
  return std::uint64_t{mount_and_grade} << 48 | std::uint64_t{type} << 40 |
         std::uint64_t{length} << 32 | std::uint64_t{grant} << 16 | std::uint64_t{epoch};
}

std::uint64_t fixed_part(const NodeSlot& slot) {
  return fixed_part(slot.bits & (NodeSlot::kMountMask | NodeSlot::kIdentityOnly),
                    slot.handle_type, slot.handle_length, slot.grant, slot.face_epoch);
}

std::uint32_t side_record(const NodeSlot& slot) {
  std::uint32_t first = 0;
  std::memcpy(&first, slot.handle.data(), sizeof first);
  return first;
}

}  // namespace

NodeKey key_of(const LowerHandle& handle, NodeKeyExtra extra) noexcept {
  const unsigned grade = handle.identity_only() ? NodeSlot::kIdentityOnly : 0;
  const unsigned mount = raw(handle.mount()) & NodeSlot::kMountMask;
  return {fixed_part(mount | grade, handle.type(), handle.bytes().size(), raw(extra.grant),
                     raw(extra.epoch)),
          handle.bytes()};
}

Result<void> NodeIndex::start() {
  TRY(file_.ensure(kBuckets, kFirstBuckets * sizeof(std::uint32_t)));
  header_.buckets = kFirstBuckets;
  return {};
}

void NodeIndex::clear() { std::fill_n(&head(0), header_.buckets, 0U); }

NodeKey NodeIndex::key_of_slot(const NodeSlot& node, Scratch& scratch) const {
  Bytes handle{node.handle.data(), std::min<std::size_t>(node.handle_length, node.handle.size())};
  if (node.handle_is_long()) {
    const std::size_t length = std::min<std::size_t>(node.handle_length, scratch.size());
    // A broken chain gives an empty handle: found by nobody, and the nodeid still works.
    const bool read = records_.copy(side_record(node), MutableBytes{scratch.data(), length})
                          .has_value();
    handle = Bytes{scratch.data(), read ? length : 0};
  }
  return {fixed_part(node), handle};
}

// With n buckets, 2^k <= n < 2^(k+1): those below n - 2^k have been split in this round and look
// at k + 1 bits, the others at k.
std::uint32_t NodeIndex::bucket_of(const NodeKey& key) const {
  const std::uint64_t hash = node_hash(header_.hash_key, key.fixed, key.handle);
  const std::uint32_t low = std::bit_floor(header_.buckets);
  const auto wide = static_cast<std::uint32_t>(hash & (std::uint64_t{low} * 2 - 1));
  return wide < header_.buckets ? wide : wide - low;
}

std::uint32_t NodeIndex::bucket_of(std::uint32_t number) const {
  Scratch scratch;
  return bucket_of(key_of_slot(slot(number), scratch));
}

std::uint32_t NodeIndex::find(const NodeKey& key) const {
  std::uint64_t steps = 0;
  for (std::uint32_t number = head(bucket_of(key)); valid(number) && steps <= header_.nodes;
       number = slot(number).hash_next, ++steps) {
    const NodeSlot& node = slot(number);
    if (fixed_part(node) != key.fixed || !node.live()) continue;
    Scratch scratch;
    if (std::ranges::equal(key_of_slot(node, scratch).handle, key.handle)) return number;
  }
  return 0;
}

void NodeIndex::insert(std::uint32_t number) {
  std::uint32_t& first = head(bucket_of(number));
  slot(number).hash_next = first;
  first = number;
}

bool NodeIndex::remove(std::uint32_t number) {
  std::uint64_t steps = 0;
  for (std::uint32_t* link = &head(bucket_of(number)); valid(*link) && steps <= header_.nodes;
       link = &slot(*link).hash_next, ++steps) {
    if (*link != number) continue;
    *link = slot(number).hash_next;
    return true;
  }
  return false;
}

void NodeIndex::grow_towards(std::uint64_t nodes) {
  for (int i = 0; i < kSplitsAtOnce && header_.buckets < nodes * 2; ++i) {
    if (!split_one()) return;
  }
}

bool NodeIndex::split_one() {
  const std::uint32_t added = header_.buckets;
  if (added >= kMaxBuckets) return false;
  if (!file_.ensure(kBuckets, (std::uint64_t{added} + 1) * sizeof(std::uint32_t))) return false;
  const std::uint32_t old = added - std::bit_floor(added);
  std::uint32_t number = head(old);
  head(old) = 0;
  head(added) = 0;
  header_.buckets = added + 1;
  for (std::uint64_t steps = 0; valid(number) && steps <= header_.nodes; ++steps) {
    const std::uint32_t next = slot(number).hash_next;
    insert(number);
    number = next;
  }
  return true;
}

Result<std::uint64_t> NodeIndex::check() const {
  std::vector<bool> seen(header_.slots_used_to);
  std::uint64_t count = 0;
  for (std::uint32_t bucket = 0; bucket < header_.buckets; ++bucket) {
    for (std::uint32_t number = head(bucket); number != 0; number = slot(number).hash_next) {
      if (!valid(number) || seen[number] || !slot(number).live()) return fail(EIO);
      if (bucket_of(number) != bucket) return fail(EIO);
      seen[number] = true;
      ++count;
    }
  }
  return count;
}

}  // namespace sluice::mirror
