// SPDX-License-Identifier: MIT
#include "sluice/policy/name_dfa.h"

#include <algorithm>

#include "sluice/policy/hash.h"

namespace sluice::policy {
namespace {

constexpr std::uint32_t kStart = 1;

}  // namespace

NameDfa::NameDfa(const NameSet& names, Budget& budget)
    : names_{names}, budget_{budget}, chunks_(kMaxChunks) {
  clear();
}

void NameDfa::clear() {
  for (auto& chunk : chunks_) chunk.store(nullptr, std::memory_order_relaxed);
  owned_.clear();
  budget_.give(bytes_);
  bytes_ = 0;
  states_.assign(1, {});
  state_ids_.clear();
  sets_.assign(1, {});
  set_ids_.clear();
  set_ids_.emplace(hash_of(sets_.front()), 0);
}

std::uint32_t NameDfa::find(std::string_view name) const noexcept {
  if (names_.words() == 0) return 0;
  if (chunks_[0].load(std::memory_order_acquire) == nullptr) return kUnknown;
  std::uint32_t state = kStart;
  for (const char byte : name) {
    state = row(state)[names_.class_of(byte)].load(std::memory_order_acquire);
    if (state == 0) return kUnknown;
  }
  const std::uint32_t set = row(state)[names_.classes()].load(std::memory_order_acquire);
  return set == 0 ? kUnknown : set - 1;
}

// Gives the number of the state, a new one where it has none yet; 0 without room.
std::uint32_t NameDfa::intern_state(const NameSet::Words& states) {
  Sparse sparse;
  std::uint64_t hash = 1;
  for (std::size_t w = 0; w < states.size(); ++w) {
    const std::uint64_t own = states[w] & ~names_.always()[w];
    if (own == 0) continue;
    sparse.emplace_back(static_cast<std::uint32_t>(w), own);
    hash = mix(mix(hash, w), own);
  }
  const auto [begin, end] = state_ids_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (states_[at->second] == sparse) return at->second;
  }
  const auto id = static_cast<std::uint32_t>(states_.size());
  const std::size_t chunk = id / kChunk;
  if (chunk >= kMaxChunks) return 0;
  const bool new_chunk = chunk >= owned_.size();
  std::size_t bytes = sparse.size() * sizeof(sparse[0]) + sizeof(Sparse) + 48;
  if (new_chunk) bytes += kChunk * row_cells() * sizeof(Cell);
  // A quarter of all is for names: what they need beyond is worked out each time.
  if (bytes_ + bytes > budget_.limit() / 4 || !budget_.take(bytes)) return 0;
  bytes_ += bytes;
  if (new_chunk) {
    owned_.push_back(std::make_unique<Cell[]>(kChunk * row_cells()));
    chunks_[chunk].store(owned_.back().get(), std::memory_order_release);
  }
  states_.push_back(std::move(sparse));
  state_ids_.emplace(hash, id);
  return id;
}

std::uint32_t NameDfa::intern_set() {
  const std::uint64_t hash = hash_of(accepted_);
  const auto [begin, end] = set_ids_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (sets_[at->second] == accepted_) return at->second;
  }
  const std::size_t bytes = accepted_.size() * sizeof(PatternId) + sizeof(accepted_) + 48;
  if (sets_.size() > kMaxSets || bytes_ + bytes > budget_.limit() / 4 || !budget_.take(bytes)) {
    return kUnknown;
  }
  bytes_ += bytes;
  sets_.push_back(accepted_);
  const auto id = static_cast<std::uint32_t>(sets_.size() - 1);
  set_ids_.emplace(hash, id);
  return id;
}

void NameDfa::expand(std::uint32_t state) {
  dense_ = names_.always();
  for (const auto& [word, own] : states_[state]) dense_[word] |= own;
}

NameDfa::Worked NameDfa::work_out(std::string_view name) {
  accepted_.clear();
  if (names_.words() == 0) return {0, accepted_};
  // State 0 is none; the start becomes 1 when it is first needed.
  std::uint32_t state = states_.size() > kStart ? kStart : intern_state(names_.start());
  bool dense = state == 0;
  dense_ = names_.start();
  for (const char byte : name) {
    const std::size_t byte_class = names_.class_of(byte);
    Cell* cell = state == 0 ? nullptr : &row(state)[byte_class];
    const std::uint32_t known = cell == nullptr ? 0 : cell->load(std::memory_order_relaxed);
    if (known != 0) {
      state = known;
      dense = false;
      continue;
    }
    if (!dense && state != 0) expand(state);
    names_.move(dense_, byte_class);
    dense = true;
    if (state == 0) continue;
    state = intern_state(dense_);
    if (state != 0) cell->store(state, std::memory_order_release);
  }
  Cell* cell = state == 0 ? nullptr : &row(state)[names_.classes()];
  const std::uint32_t known = cell == nullptr ? 0 : cell->load(std::memory_order_relaxed);
  if (known != 0) return {known - 1, sets_[known - 1]};
  if (!dense && state != 0) expand(state);
  names_.accepted(dense_, accepted_);
  const std::uint32_t set = intern_set();
  if (cell != nullptr && set != kUnknown) cell->store(set + 1, std::memory_order_release);
  return {set, accepted_};
}

}  // namespace sluice::policy
