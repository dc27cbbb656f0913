// SPDX-License-Identifier: MIT
// The places that are known: numbers for states of the automaton.
//
// A place's number is that of a slot and how often the slot was used before, so that a number that
// was forgotten is not taken for another. Slots stay where they are; what they lead to is freed
// only while no reader is inside the engine's gate. Everything else is under the engine's mutex.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/policy/automaton.h"
#include "sluice/policy/budget.h"
#include "sluice/policy/program.h"

namespace sluice::policy {

// What is known of units at some places, with the terms that follow from it, by subject.
struct UnitSet {
  UnitSet(UnitStates known, std::uint64_t hashed, std::size_t subjects)
      : states{std::move(known)},
        hash{hashed},
        terms{std::make_unique<std::atomic<const Terms*>[]>(subjects)} {}

  UnitStates states;
  std::uint64_t hash;
  std::uint32_t users = 0;  // slots
  std::size_t bytes = 0;
  std::unique_ptr<std::atomic<const Terms*>[]> terms;  // null until asked for
  std::atomic<std::uint8_t> differs{0};                // 0 not known, 1 no, 2 yes
};

class PlaceTable {
 public:
  static constexpr Place kStrictest{0};

  struct Slot {
    std::atomic<UnitSet*> units{nullptr};
    std::atomic<std::uint32_t> holds{0};
    std::atomic<std::uint8_t> generation{0};
    bool settled = false;
    std::vector<std::uint32_t> items;  // under the mutex
  };

  // subjects  the most that there can be
  PlaceTable(Budget& budget, std::size_t subjects);

  static std::uint32_t index_of(Place place) noexcept { return raw_of(place) & (kMaxSlots - 1); }

  // Gives the slot of a place that is known; null for any other number and for the strictest.
  Slot* find(Place place) const noexcept;

  // Gives the place of a state; makes it if it is new and there is room, else gives the strictest.
  // same_units  if not null, what is known to be state.units' set
  Place intern(PathState state, bool settled, UnitSet* same_units);
  // Makes a state the place with this number; false if the number is taken or out of range.
  bool intern_as(Place place, PathState state, bool settled, std::uint32_t holds);
  // Gives the place for a state without items.
  Place intern_leaf(UnitStates units, UnitSet* same_units);

  // Frees what nobody holds. No reader may be inside.
  void sweep();

  std::size_t known() const noexcept { return known_.load(std::memory_order_relaxed); }
  std::size_t held() const noexcept;

  // Calls fn(place, slot) for each place that is held.
  template <class Fn>
  void for_each_held(Fn&& fn) const {
    for (std::uint32_t i = 1; i < next_; ++i) {
      const Slot& slot = at(i);
      if (slot.units.load(std::memory_order_relaxed) != nullptr && slot.holds.load() > 0) {
        fn(number(i), slot);
      }
    }
  }

 private:
  static constexpr std::uint32_t kMaxSlots = 1u << 24;
  static constexpr std::uint32_t kChunk = 1024;
  using Chunk = std::array<Slot, kChunk>;

  static std::uint32_t raw_of(Place place) noexcept { return static_cast<std::uint32_t>(place); }
  static std::uint64_t key_of(const UnitSet& units,
                              const std::vector<std::uint32_t>& items) noexcept;
  Slot& at(std::uint32_t index) const noexcept {
    return (*chunks_[index / kChunk].load(std::memory_order_acquire))[index % kChunk];
  }
  Place number(std::uint32_t index) const noexcept {
    return static_cast<Place>(index | std::uint32_t{at(index).generation.load()} << 24);
  }
  UnitSet* intern_units(UnitStates&& states);
  void drop(UnitSet* units) noexcept;
  bool open_slot(std::uint32_t index);
  std::uint32_t free_slot();
  Place put(std::uint32_t index, UnitSet* units, std::vector<std::uint32_t>&& items, bool settled);
  void clear_slot(std::uint32_t index) noexcept;
  static std::size_t bytes_of_slot(const Slot& slot) noexcept;

  Budget& budget_;
  std::size_t subjects_;
  std::vector<std::atomic<Chunk*>> chunks_;
  std::vector<std::unique_ptr<Chunk>> owned_;
  std::uint32_t next_ = 1;  // slot 0 is the strictest place's and stays empty
  std::vector<std::uint32_t> free_;
  std::atomic<std::size_t> known_{0};
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_state_;
  std::unordered_multimap<std::uint64_t, std::unique_ptr<UnitSet>> unit_sets_;
};

}  // namespace sluice::policy
