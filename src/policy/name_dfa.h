// SPDX-License-Identifier: MIT
// A NameSet made deterministic as far as names have needed it: which patterns match a name, at the
// price of one table read for each byte.
//
// find() takes no lock. work_out() is called under the engine's mutex and fills in what find()
// missed, as long as there is room; without room it still answers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/policy/budget.h"
#include "sluice/policy/name_set.h"

namespace sluice::policy {

class NameDfa {
 public:
  // A set of patterns by number; the empty one is 0.
  static constexpr std::uint32_t kUnknown = 0xffffffff;
  static constexpr std::uint32_t kMaxSets = (1u << 20) - 1;

  NameDfa(const NameSet& names, Budget& budget);

  // Gives the set of patterns, literal ones apart, that match; kUnknown if it must be worked out.
  std::uint32_t find(std::string_view name) const noexcept;

  struct Worked {
    std::uint32_t set;                    // kUnknown: no room to keep it
    std::span<const PatternId> patterns;  // borrowed until the next call
  };
  Worked work_out(std::string_view name);

  // Forgets all. No reader may be inside.
  void clear();

 private:
  using Cell = std::atomic<std::uint32_t>;
  // The words of a state that are not as they always are.
  using Sparse = std::vector<std::pair<std::uint32_t, std::uint64_t>>;
  static constexpr std::size_t kChunk = 64;
  static constexpr std::size_t kMaxChunks = 4096;

  // A row has a cell for each class of bytes (0: unknown, else a state) and one for the set of
  // patterns that match where the name ends (0: unknown, else the set + 1).
  std::size_t row_cells() const noexcept { return names_.classes() + 1; }
  Cell* row(std::uint32_t state) const noexcept {
    Cell* chunk = chunks_[state / kChunk].load(std::memory_order_acquire);
    return chunk + (state % kChunk) * row_cells();
  }
  std::uint32_t intern_state(const NameSet::Words& states);
  std::uint32_t intern_set();
  void expand(std::uint32_t state);

  const NameSet& names_;
  Budget& budget_;
  std::vector<std::atomic<Cell*>> chunks_;
  std::vector<std::unique_ptr<Cell[]>> owned_;
  std::vector<Sparse> states_;  // from 1
  std::unordered_multimap<std::uint64_t, std::uint32_t> state_ids_;
  std::vector<std::vector<PatternId>> sets_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> set_ids_;
  std::size_t bytes_ = 0;
  NameSet::Words dense_;
  std::vector<PatternId> accepted_;
};

}  // namespace sluice::policy
