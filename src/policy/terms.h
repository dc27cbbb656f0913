// SPDX-License-Identifier: MIT
// Terms: what one subject may do with a file at one place, and which rules said so.
//
// The grant stands apart from the rest, because nodes are told apart by the grant alone: two places
// whose rules differ but grant the same share nodes. Where a grant depends on what a file contains,
// `grant` is what holds when nothing is found, and resolve() gives the rest.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sluice/policy/content.h"
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

// No rule: [default] says what holds where a file could not be inspected.
inline constexpr RuleId kByTooBig{0xfffffffc};
inline constexpr RuleId kByTimeout{0xfffffffb};
inline constexpr RuleId kByError{0xfffffffa};

// What changes where one thing is found.
struct TermsIfFound {
  ContentId content{};
  std::array<std::uint8_t, kAxes> values{};  // by Axis
  std::array<Log, 3> logs{};                 // by Mode
  std::array<RuleId, kAxes> won{};
  friend bool operator==(const TermsIfFound&, const TermsIfFound&) = default;
};

struct Terms {
  GrantId id{};
  Grant grant;
  ContentGrant content;                      // all of it; its nothing_found is `grant`
  std::vector<TermsIfFound> if_found{};      // by content
  std::array<std::uint8_t, kAxes> values{};  // by Axis, where nothing is found
  std::array<Log, 3> logs{};                 // by Mode
  // The rule that won each axis, by Axis. Of several that give the same value the one with the
  // lowest id as text, so that the answer does not depend on the order of rules.
  std::array<RuleId, kAxes> won{};

  Log log(Mode mode) const noexcept { return logs[static_cast<std::size_t>(mode)]; }
  RuleId winner(Axis axis) const noexcept { return won[static_cast<std::size_t>(axis)]; }
  friend bool operator==(const Terms&, const Terms&) = default;
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

// Gives the terms of a file in which these were found: `grant`, logs and winners are as they are
// then.
Terms resolve(const Terms& terms, ContentSet found);

// Tells whether two terms of one program grant and log the same, whichever rules said so.
bool same_effect(const Terms& a, const Terms& b) noexcept;

}  // namespace sluice::policy
