// SPDX-License-Identifier: MIT
// How many requests of each kind were served, and how many failed. Each worker counts in a shard
// of its own, so that counting costs a plain store; whoever asks adds the shards up.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>

namespace sluice::observe {

inline constexpr std::size_t kRequestKinds = 64;

class RequestCounters {
 public:
  struct Total {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
  };
  using Totals = std::array<Total, kRequestKinds>;

  // One thread's counts. Only its owner counts; anybody may read.
  class Shard {
   public:
    // Counts one request of `kind`; kinds out of range are counted as kind 0.
    void count(std::size_t kind, bool failed) noexcept {
      Cell& cell = cells_[kind < kRequestKinds ? kind : 0];
      add_one(cell.requests);
      if (failed) add_one(cell.errors);
    }

   private:
    friend class RequestCounters;
    struct Cell {
      std::atomic<std::uint64_t> requests{0};
      std::atomic<std::uint64_t> errors{0};
    };
    // A single writer needs no locked instruction.
    static void add_one(std::atomic<std::uint64_t>& n) noexcept {
      n.store(n.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    alignas(64) std::array<Cell, kRequestKinds> cells_;
  };

  // Makes a shard that lives as long as this object; one for each thread, handed out again after
  // `give_back`.
  Shard& take_shard();
  void give_back(Shard& shard);

  Totals totals() const;

 private:
  mutable std::mutex mutex_;  // guards the lists, not the counts
  std::list<Shard> shards_;
  std::list<Shard*> free_;
};

}  // namespace sluice::observe
