// SPDX-License-Identifier: MIT
// Numbers for grants that depend on content: the same grant has the same number for as long as the
// program lives. All may be called by many threads.
#pragma once

#include <deque>
#include <mutex>

#include "sluice/policy/content.h"

namespace sluice::policy {

class Grants {
 public:
  // So many different ones; beyond, a grant's number is that of the one which gives nothing.
  static constexpr std::size_t kMost = 8192;

  // A grant that does not depend on content has id_of()'s number.
  GrantId id_of(const ContentGrant& grant);
  // Gives the grant of a number, for as long as this lives; the strictest for one never given.
  const ContentGrant& of(GrantId id) const;

 private:
  mutable std::mutex mutex_;  // guards grants_
  std::deque<ContentGrant> grants_;
};

}  // namespace sluice::policy
