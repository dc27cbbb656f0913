// SPDX-License-Identifier: MIT
// A ring of records between many threads that must not wait and one that writes them out. What a
// record is, whoever makes it knows; here it is something of a fixed size, without pointers.
//
// A put claims a cell by one compare-and-swap, copies, and publishes the cell by its sequence
// number; when the ring is full the record is dropped and counted. Nobody who puts ever waits, locks
// or allocates. The sequence of a cell says whose turn it is: its index means free for the put of
// that number, index + 1 filled by it, index + size free for the put one round later.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "sluice/base/result.h"

namespace sluice::observe {

template <class Record>
  requires std::is_trivially_copyable_v<Record>
class RecordRing {
 public:
  static constexpr std::size_t kUsual = 8192;

  // size    records it holds; a power of two, at least 2. errors: EINVAL, ENOMEM.
  static Result<RecordRing> make(std::size_t size = kUsual) noexcept {
    if (size < 2 || !std::has_single_bit(size)) return fail(EINVAL);
    std::unique_ptr<State> state{new (std::nothrow) State};
    if (!state) return fail(ENOMEM);
    state->cells.reset(new (std::nothrow) Cell[size]);
    if (!state->cells) return fail(ENOMEM);
    state->mask = size - 1;
    for (std::size_t i = 0; i < size; ++i) {
      state->cells[i].sequence.store(i, std::memory_order_relaxed);
    }
    return RecordRing{std::move(state)};
  }

  // Adds a record, or counts it as dropped where the ring is full. Any thread.
  bool put(const Record& record) noexcept {
    State& state = *state_;
    std::uint64_t at = state.head.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = state.cells[at & state.mask];
      const std::uint64_t turn = cell.sequence.load(std::memory_order_acquire);
      if (turn == at) {
        if (state.head.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
          cell.record = record;
          cell.sequence.store(at + 1, std::memory_order_release);
          state.put_in.fetch_add(1, std::memory_order_relaxed);
          return true;
        }
      } else if (turn < at) {
        // Still filled from the round before.
        state.dropped.fetch_add(1, std::memory_order_relaxed);
        return false;
      } else {
        at = state.head.load(std::memory_order_relaxed);  // somebody else took this number
      }
    }
  }

  // Takes the oldest records; gives how many. One thread at a time.
  std::size_t take(std::span<Record> out) noexcept {
    State& state = *state_;
    std::uint64_t at = state.tail.load(std::memory_order_relaxed);
    std::size_t taken = 0;
    while (taken < out.size()) {
      Cell& cell = state.cells[at & state.mask];
      if (cell.sequence.load(std::memory_order_acquire) != at + 1) break;  // none, or half written
      out[taken++] = cell.record;
      cell.sequence.store(at + state.mask + 1, std::memory_order_release);
      ++at;
    }
    state.tail.store(at, std::memory_order_relaxed);
    return taken;
  }

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
