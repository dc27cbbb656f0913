// SPDX-License-Identifier: MIT
// Steps that were taken before: (place, name's patterns) to the two places. Read without a lock,
// written under the engine's mutex; entries never change until all are cleared.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/policy/budget.h"
#include "sluice/policy/program.h"

namespace sluice::policy {

class StepCache {
 public:
  explicit StepCache(Budget& budget) noexcept : budget_{budget} {}

  // A key is never 0.
  std::optional<Step> find(std::uint64_t key) const noexcept;
  // Keeps a step if there is room; tells whether there was.
  bool insert(std::uint64_t key, Step step);
  // Forgets all. No reader may be inside.
  void clear() noexcept;

 private:
  struct Entry {
    std::atomic<std::uint64_t> key{0};
    std::atomic<std::uint64_t> value{0};
  };
  struct Table {
    explicit Table(std::size_t size) : mask{size - 1}, entries{std::make_unique<Entry[]>(size)} {}
    std::size_t mask;
    std::unique_ptr<Entry[]> entries;
  };

  static std::size_t place_of(std::uint64_t key) noexcept;
  static void put(Table& table, std::uint64_t key, std::uint64_t value) noexcept;
  bool grow();

  Budget& budget_;
  std::atomic<Table*> table_{nullptr};
  std::size_t entries_ = 0;
  // The tables that readers may still look at; the last one is table_.
  std::vector<std::unique_ptr<Table>> tables_;
};

}  // namespace sluice::policy
