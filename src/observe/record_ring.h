// SPDX-License-Identifier: MIT
// A ring of records between many threads that must not wait and one that writes them out.
//
// A put claims a cell by one compare-and-swap, copies, and publishes the cell by its sequence
// number; when the ring is full the record is dropped and counted. Nobody who puts ever waits, locks
// or allocates. The sequence of a cell says whose turn it is: its index means free for the put of
// that number, index + 1 filled by it, index + size free for the put one round later.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "sluice/base/result.h"
#include "sluice/observe/record.h"

namespace sluice::observe {

class RecordRing {
 public:
  static constexpr std::size_t kUsual = 8192;  // 4 MiB of records

  // size    records it holds; a power of two, at least 2. errors: EINVAL, ENOMEM.
  static Result<RecordRing> make(std::size_t size = kUsual) noexcept;

  // Adds a record, or counts it as dropped where the ring is full. Any thread.
  bool put(const Record& record) noexcept;

  // Takes the oldest records; gives how many. One thread at a time.
  std::size_t take(std::span<Record> out) noexcept;

  std::uint64_t put_in() const noexcept { return state_->put_in.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const noexcept { return state_->dropped.load(std::memory_order_relaxed); }

 private:
  struct Cell {
    std::atomic<std::uint64_t> sequence;
    Record record;
  };
  struct State {
    std::unique_ptr<Cell[]> cells;
    std::size_t mask = 0;
    alignas(64) std::atomic<std::uint64_t> head{0};  // the next put
    alignas(64) std::atomic<std::uint64_t> tail{0};  // the next take
    alignas(64) std::atomic<std::uint64_t> put_in{0};
    std::atomic<std::uint64_t> dropped{0};
  };
  explicit RecordRing(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
  std::unique_ptr<State> state_;
};

}  // namespace sluice::observe
