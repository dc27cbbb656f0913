// SPDX-License-Identifier: MIT
// Slots: taking, filling and freeing them, in an order that a crash can cut anywhere. A slot is
// filled before it is live and its generation moves before it is free, so what attach() finds is
// either a whole node or none.
#include "sluice/mirror/node_table_state.h"

#include <cstring>
#include <limits>

namespace sluice::mirror {
namespace {

constexpr std::uint32_t kLastGeneration = std::numeric_limits<std::uint32_t>::max();

}  // namespace

bool NodeTable::State::known(NodeId node) const noexcept {
  const auto number = static_cast<std::uint32_t>(raw(node));
  const auto generation = static_cast<std::uint32_t>(raw(node) >> 32);
  return number != 0 && number < header.slots_used_to && slot(number).live() &&
         slot(number).generation == generation;
}

Result<std::uint32_t> NodeTable::State::resolve(NodeId node) const noexcept {
  if (!known(node)) return fail(ESTALE);
  return static_cast<std::uint32_t>(raw(node));
}

NodeId NodeTable::State::id_of(std::uint32_t number) const noexcept {
  return NodeId{std::uint64_t{slot(number).generation} << 32 | number};
}

Result<std::uint32_t> NodeTable::State::take_slot() {
  const std::uint32_t free = header.first_free_slot;
  if (free != 0 && free < header.slots_used_to && !slot(free).live()) {
    header.first_free_slot = slot(free).hash_next;
    return free;
  }
  const std::uint32_t fresh = header.slots_used_to;
  if (fresh == std::numeric_limits<std::uint32_t>::max()) return fail(ENOMEM);
  if (!file.ensure(kSlots, (std::uint64_t{fresh} + 1) * sizeof(NodeSlot))) return fail(ENOMEM);
  header.slots_used_to = fresh + 1;
  return fresh;
}

void NodeTable::State::put_back(std::uint32_t number) {
  NodeSlot& node = slot(number);
  if (node.generation == kLastGeneration) {
    ++header.worn_slots;
    return;
  }
  node.hash_next = header.first_free_slot;
  header.first_free_slot = number;
}

Result<void> NodeTable::State::store_handle(NodeSlot& node, const LowerHandle& handle) {
  const Bytes bytes = handle.bytes();
  node.handle.fill(std::byte{0});
  if (bytes.size() <= NodeSlot::kInlineBytes) {
    std::memcpy(node.handle.data(), bytes.data(), bytes.size());
  } else {
    auto first = records.put(bytes);
    if (!first) return fail(ENOMEM);
    std::memcpy(node.handle.data(), &*first, sizeof *first);
    ++header.long_handles;
  }
  node.handle_length = static_cast<std::uint8_t>(bytes.size());
  node.handle_type = handle.type();
  return {};
}

Result<std::uint32_t> NodeTable::State::make(const LowerHandle& handle, NodeKeyExtra extra,
                                             std::uint64_t ino, NodeKind kind) {
  Changing changing{header};
  const std::uint32_t number = TRY(take_slot());
  NodeSlot& node = slot(number);
  if (auto stored = store_handle(node, handle); !stored) {
    put_back(number);
    return fail(stored.error());
  }
  node.bits = static_cast<std::uint16_t>((raw(handle.mount()) & NodeSlot::kMountMask) |
                                         static_cast<unsigned>(kind) << NodeSlot::kKindShift);
  node.set(NodeSlot::kIdentityOnly, handle.identity_only());
  node.ino = ino;
  node.nlookup = 1;
  node.opens = 0;
  node.side = 0;
  node.place = 0;
  node.grant = raw(extra.grant);
  node.face_epoch = raw(extra.epoch);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  node.set(NodeSlot::kLive, true);
  ++header.nodes;
  index.grow_towards(header.nodes);
  index.insert(number);
  return number;
}

void NodeTable::State::detach(std::uint32_t number) {
  NodeSlot& node = slot(number);
  if (node.has(NodeFlag::detached)) return;
  index.remove(number);
  node.set(static_cast<unsigned>(NodeFlag::detached), true);
}

void NodeTable::State::free(std::uint32_t number) {
  Changing changing{header};
  NodeSlot& node = slot(number);
  detach(number);
  ++node.generation;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  node.set(NodeSlot::kLive, false);
  if (node.is_directory()) names.erase(node.side);
  if (node.handle_is_long()) {
    records.erase(long_handle_record(node));
    --header.long_handles;
  }
  --header.nodes;
  put_back(number);
}

Forgotten NodeTable::State::free_if_unused(std::uint32_t number) {
  const NodeSlot& node = slot(number);
  if (node.nlookup > 0 || node.opens > 0 || number == kRootSlot) return Forgotten::still_known;
  free(number);
  return Forgotten::freed;
}

Result<LowerHandle> NodeTable::State::handle_of(const NodeSlot& node) const {
  const bool fid = (node.bits & NodeSlot::kIdentityOnly) != 0;
  const auto grade = fid ? LowerHandle::Grade::identity_only : LowerHandle::Grade::real;
  const MountIndex mount{static_cast<std::uint16_t>(node.bits & NodeSlot::kMountMask)};
  std::array<std::byte, LowerHandle::kMaxBytes> room;
  Bytes bytes{node.handle.data(), node.handle.size()};
  if (node.handle_is_long()) {
    if (node.handle_length > room.size()) return fail(EIO);
    TRY(records.copy(long_handle_record(node), MutableBytes{room.data(), node.handle_length}));
    bytes = room;
  }
  return TRY(LowerHandle::from(node.handle_type, bytes.first(node.handle_length), grade)).on(mount);
}

}  // namespace sluice::mirror
