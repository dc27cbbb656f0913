// SPDX-License-Identifier: MIT
#include "sluice/mirror/node_table.h"

#include <algorithm>
#include <limits>

#include "sluice/mirror/node_table_state.h"

namespace sluice::mirror {

using Lock = std::scoped_lock<std::mutex>;

namespace {

bool can_be_kept(const LowerHandle& handle) {
  return !handle.empty() && raw(handle.mount()) < kMaxMounts;
}

}  // namespace

Result<void> NodeTable::set_root(const LowerHandle& handle, std::uint64_t ino) {
  if (!can_be_kept(handle)) return fail(EINVAL);
  Lock lock{state_->mutex};
  if (state_->known(kRoot)) {
    const LowerHandle old = TRY(state_->handle_of(state_->slot(kRootSlot)));
    if (!(old == handle)) return fail(EEXIST);
    return {};
  }
  TRY(state_->make(handle, {}, ino, NodeKind::directory));
  return {};
}

Result<NodeId> NodeTable::intern(const LowerHandle& handle, NodeKeyExtra extra, std::uint64_t ino,
                                 NodeKind kind) {
  if (!can_be_kept(handle)) return fail(EINVAL);
  const NodeKey key = key_of(handle, extra);
  Lock lock{state_->mutex};
  // The root's slot comes first, whoever asks first: kRoot is a fixed number.
  if (!state_->known(kRoot)) return fail(EINVAL);
  std::uint32_t number = state_->index.find(key);
  if (number != 0 && state_->slot(number).kind() != kind) {
    Changing changing{state_->header};
    state_->detach(number);
    number = 0;
  }
  if (number == 0) {
    number = TRY(state_->make(handle, extra, ino, kind));
  } else {
    ++state_->slot(number).nlookup;
  }
  return state_->id_of(number);
}

Result<NodeId> NodeTable::find(const LowerHandle& handle, NodeKeyExtra extra) const {
  const NodeKey key = key_of(handle, extra);
  Lock lock{state_->mutex};
  const std::uint32_t number = state_->index.find(key);
  if (number == 0) return fail(ENOENT);
  return state_->id_of(number);
}

Result<Forgotten> NodeTable::forget(NodeId node, std::uint64_t count, Place* place) {
  Lock lock{state_->mutex};
  if (!state_->known(node)) {
    ++state_->header.strays;
    return fail(ESTALE);
  }
  const auto number = static_cast<std::uint32_t>(raw(node));
  NodeSlot& slot = state_->slot(number);
  if (count > slot.nlookup) ++state_->header.underflows;
  slot.nlookup -= std::min(count, slot.nlookup);
  if (place != nullptr) *place = Place{slot.place};
  return state_->free_if_unused(number);
}

Result<std::uint32_t> NodeTable::add_open(NodeId node) {
  Lock lock{state_->mutex};
  NodeSlot& slot = state_->slot(TRY(state_->resolve(node)));
  if (slot.opens == std::numeric_limits<std::uint32_t>::max()) return fail(ENFILE);
  return ++slot.opens;
}

Result<Closed> NodeTable::remove_open(NodeId node) {
  Lock lock{state_->mutex};
  if (!state_->known(node)) {
    ++state_->header.strays;
    return fail(ESTALE);
  }
  const auto number = static_cast<std::uint32_t>(raw(node));
  NodeSlot& slot = state_->slot(number);
  if (slot.opens == 0) {
    ++state_->header.underflows;
    return Closed{};
  }
  const std::uint32_t left = --slot.opens;
  const Place place{slot.place};
  return Closed{left, state_->free_if_unused(number), place};
}

Result<NodeView> NodeTable::read(NodeId node) const {
  Lock lock{state_->mutex};
  const NodeSlot& slot = state_->slot(TRY(state_->resolve(node)));
  NodeView view;
  view.id = node;
  view.handle = TRY(state_->handle_of(slot));
  view.ino = slot.ino;
  view.nlookup = slot.nlookup;
  view.opens = slot.opens;
  if (!slot.is_directory()) view.backing = BackingId{static_cast<std::int32_t>(slot.side)};
  view.place = Place{slot.place};
  view.extra = {Grant{slot.grant}, FaceEpoch{slot.face_epoch}};
  view.kind = slot.kind();
  view.flags = Flags<NodeFlag>::from(static_cast<std::uint16_t>(slot.bits & NodeSlot::kFlagsMask));
  return view;
}

Result<NodeStanding> NodeTable::standing(NodeId node) const {
  Lock lock{state_->mutex};
  const NodeSlot& slot = state_->slot(TRY(state_->resolve(node)));
  return NodeStanding{Place{slot.place},
                      {Grant{slot.grant}, FaceEpoch{slot.face_epoch}},
                      slot.kind(),
                      slot.opens};
}

Result<void> NodeTable::set_ino(NodeId node, std::uint64_t ino) {
  Lock lock{state_->mutex};
  state_->slot(TRY(state_->resolve(node))).ino = ino;
  return {};
}

Result<void> NodeTable::set_place(NodeId node, Place place) {
  TRY(exchange_place(node, place));
  return {};
}

Result<Place> NodeTable::exchange_place(NodeId node, Place place) {
  Lock lock{state_->mutex};
  NodeSlot& slot = state_->slot(TRY(state_->resolve(node)));
  return Place{std::exchange(slot.place, raw(place))};
}

Result<void> NodeTable::set_unlinked(NodeId node) {
  Lock lock{state_->mutex};
  NodeSlot& slot = state_->slot(TRY(state_->resolve(node)));
  slot.set(static_cast<unsigned>(NodeFlag::unlinked), true);
  return {};
}

Result<void> NodeTable::set_backing(NodeId node, BackingId backing) {
  Lock lock{state_->mutex};
  NodeSlot& slot = state_->slot(TRY(state_->resolve(node)));
  if (slot.is_directory()) return fail(EISDIR);
  slot.side = static_cast<std::uint32_t>(raw(backing));
  return {};
}

Result<void> NodeTable::rekey(NodeId node, NodeKeyExtra extra) {
  Lock lock{state_->mutex};
  const std::uint32_t number = TRY(state_->resolve(node));
  NodeSlot& slot = state_->slot(number);
  const bool indexed = !slot.has(NodeFlag::detached);
  if (indexed) {
    const LowerHandle handle = TRY(state_->handle_of(slot));
    const std::uint32_t other = state_->index.find(key_of(handle, extra));
    if (other == number) return {};
    if (other != 0) return fail(EEXIST);
  }
  Changing changing{state_->header};
  if (indexed) state_->index.remove(number);
  slot.grant = raw(extra.grant);
  slot.face_epoch = raw(extra.epoch);
  if (indexed) state_->index.insert(number);
  return {};
}

Result<void> NodeTable::detach(NodeId node) {
  Lock lock{state_->mutex};
  const std::uint32_t number = TRY(state_->resolve(node));
  Changing changing{state_->header};
  state_->detach(number);
  return {};
}

NodeTable::Batch NodeTable::list(std::uint32_t cursor, std::span<NodeId> out) const {
  // One batch must not hold the others up, however many free slots lie between two nodes.
  constexpr std::uint32_t kSlotsAtOnce = 4096;
  Lock lock{state_->mutex};
  const std::uint32_t end = state_->header.slots_used_to;
  std::size_t count = 0;
  std::uint32_t number = std::max(cursor, kRootSlot);
  for (std::uint32_t seen = 0; number < end && count < out.size() && seen < kSlotsAtOnce; ++seen) {
    if (state_->slot(number).live()) out[count++] = state_->id_of(number);
    ++number;
  }
  return {out.first(count), number < end ? number : 0};
}

}  // namespace sluice::mirror
