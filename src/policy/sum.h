// SPDX-License-Identifier: MIT
// Values under way to terms: each with the rule that gave it.
#pragma once

#include <array>

#include "sluice/policy/terms.h"

namespace sluice::policy {

struct Sum {
  Values values;
  std::array<RuleId, kAxes> won{};
};

// Takes over what `other` has that is stricter; of equals what was there stays. Axes that `sum` has
// not are taken over too.
void raise(Sum& sum, const Values& other, const std::array<RuleId, kAxes>& won) noexcept;

// Applies what one axis says of another, with the winner: what is hidden cannot be opened, what is
// redacted cannot be written to, and nothing is said of redaction where there is none. Every axis
// must have a value.
void settle(Sum& sum) noexcept;

// Gives the grant in values of which every axis has one.
Grant grant_in(const Values& values) noexcept;

// What terms come to for a file in which this is found.
struct Effect {
  Grant grant;
  std::array<Log, 3> logs{};
  bool redacts_findings = false;
  friend bool operator==(const Effect&, const Effect&) = default;
};
Effect effect_of(const Terms& terms, ContentSet found) noexcept;

}  // namespace sluice::policy
