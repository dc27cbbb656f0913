// SPDX-License-Identifier: MIT
// Terms: what one subject may do with a file at one place, and which rules said so.
//
// The grant stands apart from the rest, because nodes are told apart by the grant alone: two places
// whose rules differ but grant the same share nodes. Where rules ask what a file contains, `grant`
// is what holds when nothing is found, and resolve() gives what holds for what was.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sluice/policy/content_grant.h"
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
// No rule alone: an inspection ended without an answer, and [default] says what holds then.
inline constexpr RuleId kByTooBig{0xfffffffc};
inline constexpr RuleId kByTimeout{0xfffffffb};
inline constexpr RuleId kByError{0xfffffffa};

// What the rules about one content say together, and which of them said it.
struct IfFound {
  ContentId content{};
  Values values;
  std::array<RuleId, kAxes> won{};  // where values has one; as in Terms
  friend bool operator==(const IfFound&, const IfFound&) noexcept = default;
};

struct Terms {
  GrantId id{};
  Grant grant;
  std::array<Log, 3> logs{};  // by Mode
  // The rule that won each axis, by Axis. Of several that give the same value the one with the
  // lowest id as text, so that the answer does not depend on the order of rules.
  std::array<RuleId, kAxes> won{};
  ContentGrant content;           // `grant` is its nothing_found
  std::vector<IfFound> if_found;  // by content; those that make something stricter, or log more

  // Gives the names of contents that make a difference here, if only to what is logged: what a file
  // is to be inspected for.
  ContentSet asks() const noexcept;
  Log log(Mode mode) const noexcept { return logs[static_cast<std::size_t>(mode)]; }
  RuleId winner(Axis axis) const noexcept { return won[static_cast<std::size_t>(axis)]; }
  friend bool operator==(const Terms&, const Terms&) noexcept = default;
};

// Gives the terms of a file that contains these: grant, logs and winners; they depend on nothing
// any more. `id` stays, as it names all that the file may turn out to have. What holds without any
// content is named as the winner before what is found, and that before what comes later in `found`.
// Takes no memory.
Terms resolve(const Terms& terms, ContentSet found) noexcept;

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

// Tells whether two terms of one program grant and log the same for whatever is found, whichever
// rules said so. For those of two programs see compare().
bool same_effect(const Terms& a, const Terms& b) noexcept;

}  // namespace sluice::policy
