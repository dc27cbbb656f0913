// SPDX-License-Identifier: MIT
// Whom a rule's `who` means.
#include <algorithm>

#include "sluice/policy/document.h"

namespace sluice::policy {

bool speaks_of(const std::vector<std::string>& who, std::string_view subject) noexcept {
  if (who.empty()) return true;
  const bool takes_out = who.front().starts_with('!');
  return names_subject(who, subject) != takes_out;
}

bool names_subject(const std::vector<std::string>& who, std::string_view subject) noexcept {
  return std::ranges::any_of(who, [&](std::string_view name) {
    if (name.starts_with('!')) name.remove_prefix(1);
    return name == subject;
  });
}

}  // namespace sluice::policy
