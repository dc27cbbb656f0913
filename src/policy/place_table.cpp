// SPDX-License-Identifier: MIT
#include "sluice/policy/place_table.h"

#include <algorithm>

#include "sluice/policy/hash.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kNodeBytes = 64;  // about what an entry of an unordered_multimap costs

}  // namespace

PlaceTable::PlaceTable(Budget& budget, std::size_t subjects)
    : budget_{budget}, subjects_{subjects}, chunks_(kMaxSlots / kChunk) {}

PlaceTable::Slot* PlaceTable::find(Place place) const noexcept {
  const std::uint32_t index = index_of(place);
  if (index == 0) return nullptr;
  Chunk* chunk = chunks_[index / kChunk].load(std::memory_order_acquire);
  if (chunk == nullptr) return nullptr;
  Slot& slot = (*chunk)[index % kChunk];
  if (slot.units.load(std::memory_order_acquire) == nullptr) return nullptr;
  return slot.generation.load(std::memory_order_relaxed) == raw_of(place) >> 24 ? &slot : nullptr;
}

std::uint64_t PlaceTable::key_of(const UnitSet& units,
                                 const std::vector<std::uint32_t>& items) noexcept {
  return mix(hash_of(items), reinterpret_cast<std::uintptr_t>(&units));
}

UnitSet* PlaceTable::intern_units(UnitStates&& states) {
  const std::uint64_t hash = hash_of(states);
  const auto [begin, end] = unit_sets_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (at->second->states == states) return at->second.get();
  }
  const std::size_t bytes = sizeof(UnitSet) + kNodeBytes + states.size() * sizeof(states[0]) +
                            subjects_ * sizeof(std::atomic<const Terms*>);
  if (!budget_.take(bytes)) return nullptr;
  states.shrink_to_fit();
  auto made = std::make_unique<UnitSet>(std::move(states), hash, subjects_);
  made->bytes = bytes;
  return unit_sets_.emplace(hash, std::move(made))->second.get();
}

void PlaceTable::drop(UnitSet* units) noexcept {
  if (units->users > 0) return;
  const auto [begin, end] = unit_sets_.equal_range(units->hash);
  for (auto at = begin; at != end; ++at) {
    if (at->second.get() != units) continue;
    budget_.give(units->bytes);
    unit_sets_.erase(at);
    return;
  }
}

bool PlaceTable::open_slot(std::uint32_t index) {
  const std::uint32_t chunk = index / kChunk;
  if (chunks_[chunk].load(std::memory_order_relaxed) != nullptr) return true;
  // The first chunk is there whatever the limit is: the start needs it.
  if (!owned_.empty() && !budget_.take(sizeof(Chunk))) return false;
  owned_.push_back(std::make_unique<Chunk>());
  chunks_[chunk].store(owned_.back().get(), std::memory_order_release);
  return true;
}

std::uint32_t PlaceTable::free_slot() {
  if (!free_.empty()) {
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  if (next_ == kMaxSlots || !open_slot(next_)) return 0;
  return next_++;
}

std::size_t PlaceTable::bytes_of_slot(const Slot& slot) noexcept {
  return slot.items.size() * sizeof(slot.items[0]) + kNodeBytes;
}

Place PlaceTable::put(std::uint32_t index, UnitSet* units, std::vector<std::uint32_t>&& items,
                      bool settled) {
  Slot& slot = at(index);
  slot.items = std::move(items);
  slot.items.shrink_to_fit();
  slot.settled = settled;
  ++units->users;
  by_state_.emplace(key_of(*units, slot.items), index);
  known_.fetch_add(1, std::memory_order_relaxed);
  slot.units.store(units, std::memory_order_release);
  return number(index);
}

Place PlaceTable::intern(PathState state, bool settled, UnitSet* same_units) {
  UnitSet* units = same_units != nullptr ? same_units : intern_units(std::move(state.units));
  if (units == nullptr) return kStrictest;
  const auto [begin, end] = by_state_.equal_range(key_of(*units, state.items));
  for (auto found = begin; found != end; ++found) {
    const Slot& slot = at(found->second);
    if (slot.units.load(std::memory_order_relaxed) == units && slot.items == state.items) {
      return number(found->second);
    }
  }
  const std::size_t bytes = state.items.size() * sizeof(state.items[0]) + kNodeBytes;
  const bool first = known() == 0;
  if (first) budget_.force(bytes);
  if (first || budget_.take(bytes)) {
    if (const std::uint32_t index = free_slot()) {
      return put(index, units, std::move(state.items), settled);
    }
    budget_.give(bytes);
  }
  drop(units);
  return kStrictest;
}

Place PlaceTable::intern_leaf(UnitStates units, UnitSet* same_units) {
  return intern(PathState{std::move(units), {}}, true, same_units);
}

bool PlaceTable::intern_as(Place place, PathState state, bool settled, std::uint32_t holds) {
  const std::uint32_t index = index_of(place);
  if (index == 0 || index < next_ || index >= kMaxSlots) return false;
  // Slots up to it are opened and free; numbers come in ascending order.
  while (next_ <= index) {
    if (!open_slot(next_)) return false;
    if (next_ != index) free_.push_back(next_);
    ++next_;
  }
  UnitSet* units = intern_units(std::move(state.units));
  if (units == nullptr) return false;
  const auto [begin, end] = by_state_.equal_range(key_of(*units, state.items));
  for (auto found = begin; found != end; ++found) {
    const Slot& other = at(found->second);
    if (other.units.load(std::memory_order_relaxed) == units && other.items == state.items)
      return false;
  }
  if (!budget_.take(state.items.size() * sizeof(state.items[0]) + kNodeBytes)) return false;
  Slot& slot = at(index);
  slot.generation.store(static_cast<std::uint8_t>(raw_of(place) >> 24));
  slot.holds.store(holds);
  put(index, units, std::move(state.items), settled);
  return true;
}

void PlaceTable::clear_slot(std::uint32_t index) noexcept {
  Slot& slot = at(index);
  UnitSet* units = slot.units.load(std::memory_order_relaxed);
  const auto [begin, end] = by_state_.equal_range(key_of(*units, slot.items));
  for (auto found = begin; found != end; ++found) {
    if (found->second != index) continue;
    by_state_.erase(found);
    break;
  }
  budget_.give(bytes_of_slot(slot));
  slot.units.store(nullptr, std::memory_order_relaxed);
  slot.generation.fetch_add(1, std::memory_order_relaxed);
  slot.items = {};
  known_.fetch_sub(1, std::memory_order_relaxed);
  --units->users;
  drop(units);
}

void PlaceTable::sweep() {
  for (std::uint32_t i = 1; i < next_; ++i) {
    const Slot& slot = at(i);
    if (slot.units.load(std::memory_order_relaxed) == nullptr || slot.holds.load() > 0) continue;
    free_.push_back(i);
    clear_slot(i);
  }
}

std::size_t PlaceTable::held() const noexcept {
  std::size_t count = 0;
  for_each_held([&](Place, const Slot&) { ++count; });
  return count;
}

}  // namespace sluice::policy
