// SPDX-License-Identifier: MIT
// Patches are kept by offset. An added one first clears its range: what lay there is cut short,
// dropped or split in two. Only repeated bytes are merged; replacement bytes lie in one store,
// which grows and is never rewritten, so that cutting a patch is arithmetic.
#include "sluice/inspect/redaction.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace sluice::inspect {
namespace {

// What one patch takes in the map, about: its key, itself, and what the tree keeps.
constexpr std::size_t kPatchCost = 80;

}  // namespace

Added Redaction::room_for(Range range, std::size_t bytes) const noexcept {
  if (range.offset > file_size_ || range.length > file_size_ - range.offset) return Added::outside;
  // An added patch can split one in two: two more than before at the most.
  const std::size_t used = patches_.size() * kPatchCost + store_.size();
  if (used > memory_ || memory_ - used < 2 * kPatchCost) return Added::full;
  return bytes <= memory_ - used - 2 * kPatchCost ? Added::yes : Added::full;
}

void Redaction::clear(Range range) {
  auto at = patches_.upper_bound(range.offset);
  if (at != patches_.begin()) {
    const auto before = std::prev(at);
    const std::uint64_t before_end = before->first + before->second.length;
    if (before_end > range.end()) {
      Patch rest = before->second;
      rest.length = before_end - range.end();
      if (rest.stored != kRepeats) rest.stored += range.end() - before->first;
      patches_.emplace_hint(at, range.end(), rest);
    }
    if (before->first == range.offset) {
      patches_.erase(before);
    } else if (before_end > range.offset) {
      before->second.length = range.offset - before->first;
    }
  }
  at = patches_.lower_bound(range.offset);
  while (at != patches_.end() && at->first < range.end()) {
    const std::uint64_t patch_end = at->first + at->second.length;
    if (patch_end > range.end()) {
      Patch rest = at->second;
      rest.length = patch_end - range.end();
      if (rest.stored != kRepeats) rest.stored += range.end() - at->first;
      patches_.emplace(range.end(), rest);
    }
    at = patches_.erase(at);
  }
}

void Redaction::merge_around(Patches::iterator patch) {
  const auto joins = [](Patches::iterator left, Patches::iterator right) {
    return left->second.stored == kRepeats && right->second.stored == kRepeats &&
           left->second.fill == right->second.fill &&
           left->first + left->second.length == right->first;
  };
  if (const auto next = std::next(patch); next != patches_.end() && joins(patch, next)) {
    patch->second.length += next->second.length;
    patches_.erase(next);
  }
  if (patch == patches_.begin()) return;
  if (const auto before = std::prev(patch); joins(before, patch)) {
    before->second.length += patch->second.length;
    patches_.erase(patch);
  }
}

Added Redaction::add(Range range, std::byte fill) {
  if (const Added room = room_for(range, 0); room != Added::yes) return room;
  if (range.length == 0) return Added::yes;
  clear(range);
  merge_around(patches_.emplace(range.offset, Patch{range.length, kRepeats, fill}).first);
  return Added::yes;
}

Added Redaction::add(Range range, Bytes bytes) {
  if (bytes.size() != range.length) return Added::outside;
  if (const Added room = room_for(range, bytes.size()); room != Added::yes) return room;
  if (range.length == 0) return Added::yes;
  clear(range);
  const std::uint64_t stored = store_.size();
  store_.insert(store_.end(), bytes.begin(), bytes.end());
  patches_.emplace(range.offset, Patch{range.length, stored, std::byte{0}});
  return Added::yes;
}

void Redaction::apply(std::uint64_t offset, MutableBytes piece) const noexcept {
  if (piece.empty() || offset >= file_size_) return;
  const std::uint64_t end = offset + std::min<std::uint64_t>(piece.size(), file_size_ - offset);
  auto at = patches_.upper_bound(offset);
  if (at != patches_.begin()) --at;
  for (; at != patches_.end() && at->first < end; ++at) {
    const auto& [first, patch] = *at;
    const std::uint64_t from = std::max(first, offset);
    const std::uint64_t to = std::min(first + patch.length, end);
    if (from >= to) continue;
    std::byte* into = piece.data() + (from - offset);
    if (patch.stored == kRepeats) {
      std::memset(into, std::to_integer<int>(patch.fill), to - from);
    } else {
      std::memcpy(into, store_.data() + patch.stored + (from - first), to - from);
    }
  }
}

std::vector<Range> Redaction::ranges() const {
  std::vector<Range> all;
  for (const auto& [offset, patch] : patches_) {
    if (!all.empty() && all.back().end() == offset) {
      all.back().length += patch.length;
    } else {
      all.push_back({offset, patch.length});
    }
  }
  return all;
}

std::uint64_t Redaction::patched() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& [offset, patch] : patches_) sum += patch.length;
  return sum;
}

}  // namespace sluice::inspect
