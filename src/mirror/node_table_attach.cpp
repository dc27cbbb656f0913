// SPDX-License-Identifier: MIT
// Making a table, going on with one that another process left, and checking one.
#include <sys/random.h>

#include <algorithm>
#include <vector>

#include "sluice/mirror/node_table_state.h"

namespace sluice::mirror {

using Lock = std::scoped_lock<std::mutex>;

static_assert(sizeof(NodeHeader) <= MemoryFile::kOwnerBytes);

NodeTable::NodeTable(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
NodeTable::NodeTable(NodeTable&&) noexcept = default;
NodeTable& NodeTable::operator=(NodeTable&&) noexcept = default;
NodeTable::~NodeTable() = default;

const Fd& NodeTable::memory() const noexcept { return state_->file.fd(); }

MountRecords& NodeTable::mount_records() noexcept {
  return *reinterpret_cast<MountRecords*>(state_->file.base(kMounts));
}

Result<NodeTable> NodeTable::create(const Limits& limits) {
  MemoryFile file = TRY(MemoryFile::create({.name = "sluice-nodes",
                                            .format = kNodeFormat,
                                            .sections = kNodeSections,
                                            .max_bytes = limits.max_bytes}));
  auto state = std::make_unique<State>(std::move(file));
  HashKey& key = state->header.hash_key;
  if (::getrandom(key.data(), sizeof key, 0) != sizeof key) return fail_last();
  state->header.slots_used_to = kRootSlot;
  TRY(state->file.ensure(kSlots, 2 * sizeof(NodeSlot)));
  TRY(state->file.ensure(kMounts, sizeof(MountRecords)));
  TRY(state->index.start());
  return NodeTable{std::move(state)};
}

Result<NodeTable> NodeTable::attach(Fd memory) {
  MemoryFile file = TRY(MemoryFile::attach(std::move(memory), kNodeFormat, kNodeSections));
  auto state = std::make_unique<State>(std::move(file));
  TRY(state->validate());
  if (state->header.changing != 0) {
    state->rebuild();
    state->header.changing = 0;
  }
  return NodeTable{std::move(state)};
}

// What all later accesses rely on: no count reaches past its section, and those that bound a walk
// are no larger than what there is to walk. Links are checked as they are followed.
Result<void> NodeTable::State::validate() {
  const bool fits = header.slots_used_to >= kRootSlot &&
                    header.slots_used_to <= file.size(kSlots) / sizeof(NodeSlot) &&
                    header.buckets >= NodeIndex::kFirstBuckets &&
                    header.buckets <= file.size(kBuckets) / sizeof(std::uint32_t) &&
                    header.records.used_to <= file.size(kRecords) / 64 &&
                    header.nodes < header.slots_used_to &&
                    header.records.in_use <= header.records.used_to &&
                    file.size(kMounts) >= sizeof(MountRecords);
  if (!fits) return fail(EINVAL);
  return {};
}

// Links may be half made; the slots themselves are whole (see node_table_state.cpp).
void NodeTable::State::rebuild() {
  std::vector<bool> used(header.records.used_to);
  index.clear();
  header.first_free_slot = 0;
  header.nodes = 0;
  header.long_handles = 0;
  header.worn_slots = 0;
  for (std::uint32_t number = header.slots_used_to; number-- > kRootSlot;) {
    NodeSlot& node = slot(number);
    const bool unused = node.nlookup == 0 && node.opens == 0 && number != kRootSlot;
    if (!node.live() || unused) {
      // It may have died before its generation moved: a forget that is done again must not hit
      // whoever gets this slot next.
      if (node.live()) ++node.generation;
      node.set(NodeSlot::kLive, false);
      put_back(number);
      continue;
    }
    ++header.nodes;
    // A name that is damaged is given up; it is for audit only.
    if (node.is_directory() && !records.mark(node.side, used)) node.side = 0;
    if (!node.handle_is_long()) continue;
    // Without its handle the node can no longer be opened: read() answers EIO.
    ++header.long_handles;
    if (!records.mark(long_handle_record(node), used)) node.handle.fill(std::byte{0});
  }
  records.rebuild(used);
  for (std::uint32_t number = kRootSlot; number < header.slots_used_to; ++number) {
    if (slot(number).live() && !slot(number).has(NodeFlag::detached)) index.insert(number);
  }
}

NodeStats NodeTable::stats() const {
  Lock lock{state_->mutex};
  const NodeHeader& header = state_->header;
  return {.nodes = header.nodes,
          .bytes = state_->file.bytes(),
          .buckets = header.buckets,
          .long_handles = header.long_handles,
          .records = header.records.in_use,
          .underflows = header.underflows,
          .strays = header.strays};
}

Result<void> NodeTable::check() const {
  Lock lock{state_->mutex};
  const NodeHeader& header = state_->header;
  const std::uint64_t indexed = TRY(state_->index.check());
  std::uint64_t live = 0;
  std::uint64_t detached = 0;
  std::vector<bool> used(header.records.used_to);
  for (std::uint32_t number = kRootSlot; number < header.slots_used_to; ++number) {
    const NodeSlot& node = state_->slot(number);
    if (!node.live()) continue;
    ++live;
    if (node.has(NodeFlag::detached)) ++detached;
    if (node.is_directory() && !state_->records.mark(node.side, used)) return fail(EIO);
    if (node.handle_is_long() && !state_->records.mark(long_handle_record(node), used))
      return fail(EIO);
  }
  std::uint64_t free = 0;
  for (std::uint32_t number = header.first_free_slot; number != 0;
       number = state_->slot(number).hash_next) {
    if (number >= header.slots_used_to || state_->slot(number).live()) return fail(EIO);
    if (++free > header.slots_used_to) return fail(EIO);
  }
  const auto records = static_cast<std::uint64_t>(std::ranges::count(used, true));
  const bool agree = live == header.nodes && indexed + detached == live &&
                     live + free + header.worn_slots + 1 == header.slots_used_to &&
                     records == header.records.in_use;
  if (!agree) return fail(EIO);
  return {};
}

}  // namespace sluice::mirror
