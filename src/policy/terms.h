// SPDX-License-Identifier: MIT
// Terms: what one subject may do with a file at one place, and which rules said so.
//
// The grant stands apart from the rest, because nodes are told apart by the grant alone: two places
// whose rules differ but grant the same share nodes. A grant that depends on what a file contains
// will stand beside `grant` by detector; `grant` then is what holds when nothing is found.
#pragma once

#include <array>
#include <cstdint>

#include "sluice/policy/verdict.h"

namespace sluice::policy {

// A rule by its index in Document::rules.
enum class RuleId : std::uint32_t {};
// No rule: [default] gave the value.
inline constexpr RuleId kByDefault{0xffffffff};
// No rule alone: the strictest value of all, given because a limit was reached.
inline constexpr RuleId kByLimit{0xfffffffe};
// No rule alone: [default].unknown_subject gave the value.
inline constexpr RuleId kByUnknownSubject{0xfffffffd};

struct Terms {
  GrantId id{};
  Grant grant;
  std::array<Log, 3> logs{};  // by Mode
  // The rule that won each axis, by Axis. Of several that give the same value the one with the
  // lowest id as text, so that the answer does not depend on the order of rules.
  std::array<RuleId, kAxes> won{};

  Log log(Mode mode) const noexcept { return logs[static_cast<std::size_t>(mode)]; }
  RuleId winner(Axis axis) const noexcept { return won[static_cast<std::size_t>(axis)]; }
  friend bool operator==(const Terms&, const Terms&) noexcept = default;
};

// The answer for one open in one mode.
struct Verdict {
  See see = See::yes;
  Read read = Read::native;     // for Mode::execute: of the execution
  Write write = Write::native;  // what the subject may do beside this open
  Log log = Log::none;
  RuleId by{};  // what decided this mode: of `see` where hidden, else of the mode's axis

  // Tells whether an open in the mode that was asked for is refused.
  bool refuses(Mode mode) const noexcept {
    return see == See::no || (mode == Mode::write ? write == Write::deny : read == Read::deny);
  }
  friend bool operator==(const Verdict&, const Verdict&) noexcept = default;
};

Verdict verdict_of(const Terms& terms, Mode mode) noexcept;

// Tells whether two terms grant and log the same, whichever rules said so; for comparing programs.
bool same_effect(const Terms& a, const Terms& b) noexcept;

}  // namespace sluice::policy
