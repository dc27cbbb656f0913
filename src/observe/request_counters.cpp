// SPDX-License-Identifier: MIT
#include "sluice/observe/request_counters.h"

namespace sluice::observe {

RequestCounters::Shard& RequestCounters::take_shard() {
  std::lock_guard lock{mutex_};
  if (free_.empty()) return shards_.emplace_back();
  Shard* shard = free_.front();
  free_.pop_front();
  return *shard;
}

void RequestCounters::give_back(Shard& shard) {
  std::lock_guard lock{mutex_};
  free_.push_back(&shard);
}

RequestCounters::Totals RequestCounters::totals() const {
  Totals totals{};
  std::lock_guard lock{mutex_};
  for (const Shard& shard : shards_) {
    for (std::size_t kind = 0; kind < kRequestKinds; ++kind) {
      totals[kind].requests += shard.cells_[kind].requests.load(std::memory_order_relaxed);
      totals[kind].errors += shard.cells_[kind].errors.load(std::memory_order_relaxed);
    }
  }
  return totals;
}

}  // namespace sluice::observe
