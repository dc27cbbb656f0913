// SPDX-License-Identifier: MIT
#include "sluice/policy/grants.h"

#include <algorithm>

namespace sluice::policy {

GrantId Grants::id_of(const ContentGrant& grant) {
  const Grant& plain = grant.nothing_found;
  if (grant.if_found.empty() && plain.with == With::nothing) return policy::id_of(plain);
  const std::lock_guard lock{mutex_};
  const auto known = std::ranges::find(grants_, grant);
  if (known == grants_.end() && grants_.size() >= kMost) {
    return policy::id_of({plain.see, Read::deny, Read::deny, Write::deny});
  }
  const auto index = static_cast<std::size_t>(known - grants_.begin());
  if (known == grants_.end()) grants_.push_back(grant);
  return static_cast<GrantId>(kFirstContentGrant + index);
}

const ContentGrant& Grants::of(GrantId id) const {
  static const ContentGrant kNothing{{See::no, Read::deny, Read::deny, Write::deny}, {}};
  const auto number = static_cast<std::uint16_t>(id);
  const std::lock_guard lock{mutex_};
  const std::size_t index = std::size_t{number} - kFirstContentGrant;
  return number >= kFirstContentGrant && index < grants_.size() ? grants_[index] : kNothing;
}

}  // namespace sluice::policy
