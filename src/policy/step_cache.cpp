// SPDX-License-Identifier: MIT
#include "sluice/policy/step_cache.h"

#include <utility>

namespace sluice::policy {
namespace {

constexpr std::size_t kFirstSize = 256;

std::uint64_t pack(Step step) noexcept {
  return std::uint64_t{static_cast<std::uint32_t>(step.directory)} << 32 |
         static_cast<std::uint32_t>(step.other);
}

Step unpack(std::uint64_t value) noexcept {
  return {.directory = static_cast<Place>(value >> 32),
          .other = static_cast<Place>(value & 0xffffffff)};
}

}  // namespace

std::size_t StepCache::place_of(std::uint64_t key) noexcept {
  key *= 0x9e3779b97f4a7c15;
  return static_cast<std::size_t>(key ^ key >> 32);
}

std::optional<Step> StepCache::find(std::uint64_t key) const noexcept {
  const Table* table = table_.load(std::memory_order_acquire);
  if (table == nullptr) return std::nullopt;
  for (std::size_t at = place_of(key);; ++at) {
    const Entry& entry = table->entries[at & table->mask];
    const std::uint64_t found = entry.key.load(std::memory_order_acquire);
    if (found == key) return unpack(entry.value.load(std::memory_order_relaxed));
    if (found == 0) return std::nullopt;
  }
}

void StepCache::put(Table& table, std::uint64_t key, std::uint64_t value) noexcept {
  std::size_t at = place_of(key);
  while (table.entries[at & table.mask].key.load(std::memory_order_relaxed) != 0) ++at;
  Entry& entry = table.entries[at & table.mask];
  entry.value.store(value, std::memory_order_relaxed);
  entry.key.store(key, std::memory_order_release);
}

bool StepCache::grow() {
  const std::size_t size = tables_.empty() ? kFirstSize : (tables_.back()->mask + 1) * 2;
  const std::size_t bytes = size * sizeof(Entry);
  // Half of all is for places: without them steps are worth nothing.
  if (bytes > budget_.limit() / 4 || !budget_.take(bytes)) return false;
  auto bigger = std::make_unique<Table>(size);
  if (!tables_.empty()) {
    const Table& old = *tables_.back();
    for (std::size_t i = 0; i <= old.mask; ++i) {
      const std::uint64_t key = old.entries[i].key.load(std::memory_order_relaxed);
      if (key != 0) put(*bigger, key, old.entries[i].value.load(std::memory_order_relaxed));
    }
  }
  tables_.push_back(std::move(bigger));
  table_.store(tables_.back().get(), std::memory_order_release);
  return true;
}

bool StepCache::insert(std::uint64_t key, Step step) {
  const std::size_t size = tables_.empty() ? 0 : tables_.back()->mask + 1;
  if ((entries_ + 1) * 2 > size && !grow()) return false;
  put(*tables_.back(), key, pack(step));
  ++entries_;
  return true;
}

void StepCache::clear() noexcept {
  table_.store(nullptr, std::memory_order_release);
  for (const auto& table : tables_) budget_.give((table->mask + 1) * sizeof(Entry));
  tables_.clear();
  entries_ = 0;
}

}  // namespace sluice::policy
