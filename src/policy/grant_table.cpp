// SPDX-License-Identifier: MIT
#include "sluice/policy/grant_table.h"

#include "sluice/policy/hash.h"

namespace sluice::policy {
namespace {

std::uint64_t hash_of_grant(std::uint64_t sum, const Grant& grant) noexcept {
  sum = mix(sum, static_cast<std::uint64_t>(grant.with));
  return mix(sum, static_cast<std::uint64_t>(grant.see) |
                      static_cast<std::uint64_t>(grant.read) << 8 |
                      static_cast<std::uint64_t>(grant.execute) << 16 |
                      static_cast<std::uint64_t>(grant.write) << 24);
}

std::uint64_t hash_of(const ContentGrant& grant) noexcept {
  std::uint64_t sum = hash_of_grant(0, grant.nothing_found);
  for (const GrantIfFound& each : grant.if_found) {
    sum = hash_of_grant(mix(sum, static_cast<std::uint64_t>(each.content)), each.grant);
  }
  return sum;
}

}  // namespace

GrantTable::GrantTable() {
  for (std::size_t i = 0; i < plain_.size(); ++i) {
    plain_[i].nothing_found = policy::grant_of(static_cast<GrantId>(i));
  }
}

bool GrantTable::is_plain(const ContentGrant& grant) noexcept {
  return grant.if_found.empty() && grant.nothing_found.with == With::nothing;
}

GrantId GrantTable::id_of(const ContentGrant& grant) {
  if (is_plain(grant)) return policy::id_of(grant.nothing_found);
  const std::uint64_t hash = hash_of(grant);
  const std::lock_guard lock{mutex_};
  const auto [begin, end] = ids_.equal_range(hash);
  for (auto found = begin; found != end; ++found) {
    const GrantId id{found->second};
    if (grant_of(id) == grant) return id;
  }
  const std::size_t index = size_.load(std::memory_order_relaxed);
  if (index == kMost) return policy::id_of(kStrictestGrant);
  auto& block = blocks_[index / kBlock];
  if (!block) block = std::make_unique<Block>();
  (*block)[index % kBlock] = grant;
  const auto id = static_cast<std::uint16_t>(kFirstContentGrant + index);
  ids_.emplace(hash, id);
  size_.store(index + 1, std::memory_order_release);
  return GrantId{id};
}

const ContentGrant& GrantTable::grant_of(GrantId id) const noexcept {
  const auto number = static_cast<std::size_t>(id);
  if (number < kFirstContentGrant) return plain_[number];
  const std::size_t index = number - kFirstContentGrant;
  if (index >= size_.load(std::memory_order_acquire)) return plain_.back();  // no plain grant's
  return (*blocks_[index / kBlock])[index % kBlock];
}

std::vector<ContentGrant> GrantTable::all() const {
  std::vector<ContentGrant> all;
  const std::size_t size = size_.load(std::memory_order_acquire);
  all.reserve(size);
  for (std::size_t i = 0; i < size; ++i) all.push_back((*blocks_[i / kBlock])[i % kBlock]);
  return all;
}

}  // namespace sluice::policy
