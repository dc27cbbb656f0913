// SPDX-License-Identifier: MIT
#include "sluice/observe/record_ring.h"

#include <bit>
#include <new>

namespace sluice::observe {

Result<RecordRing> RecordRing::make(std::size_t size) noexcept {
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

bool RecordRing::put(const Record& record) noexcept {
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

std::size_t RecordRing::take(std::span<Record> out) noexcept {
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

}  // namespace sluice::observe
