// SPDX-License-Identifier: MIT
// Numbers for grants that depend on what is found, or say how much is redacted. A number is given
// once and means the same as long as the table lives; numbers are read without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "sluice/policy/content_grant.h"

namespace sluice::policy {

class GrantTable {
 public:
  static constexpr std::size_t kMost = 16384;  // beyond the plain ones

  GrantTable();
  GrantTable(const GrantTable&) = delete;
  GrantTable& operator=(const GrantTable&) = delete;
  ~GrantTable() = default;

  // Gives the number of a grant; that of the strictest one when the table is full.
  GrantId id_of(const ContentGrant& grant);
  // Gives the grant of a number; the strictest one for a number that was never given.
  const ContentGrant& grant_of(GrantId id) const noexcept;

  // Gives what was numbered, beyond the plain ones, in the order of numbers.
  std::vector<ContentGrant> all() const;

 private:
  static constexpr std::size_t kBlock = 256;
  using Block = std::array<ContentGrant, kBlock>;

  static bool is_plain(const ContentGrant& grant) noexcept;

  Block plain_;
  // Filled in order, under the mutex; a reader knows by size_ how far.
  std::array<std::unique_ptr<Block>, kMost / kBlock> blocks_;
  std::atomic<std::size_t> size_{0};
  mutable std::mutex mutex_;  // guards what is below, and growing; nothing is called under it
  std::unordered_multimap<std::uint64_t, std::uint16_t> ids_;
};

}  // namespace sluice::policy
