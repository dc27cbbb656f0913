// SPDX-License-Identifier: MIT
// Grants that depend on what a file contains. A rule with `content` counts only for files in which
// that is found; so what somebody may do with a file is a function of what was found in it. More
// found never grants more.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/policy/diagnostic.h"
#include "sluice/policy/verdict.h"

namespace sluice::policy {

// Something that a policy asks for by `content`: an index into Program::contents().
enum class ContentId : std::uint8_t {};
inline constexpr std::size_t kMostContents = 60;
// How an inspection may end without an answer; "found" like the others, with the values that
// [default] has for it.
inline constexpr ContentId kTooBig{60};
inline constexpr ContentId kTimedOut{61};
inline constexpr ContentId kFailed{62};

// What was found, or asked for.
class ContentSet {
 public:
  constexpr ContentSet() noexcept = default;

  constexpr bool has(ContentId content) const noexcept { return (bits_ & bit(content)) != 0; }
  constexpr void add(ContentId content) noexcept { bits_ |= bit(content); }
  constexpr void remove(ContentId content) noexcept { bits_ &= ~bit(content); }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr std::size_t size() const noexcept { return static_cast<std::size_t>(std::popcount(bits_)); }
  constexpr std::uint64_t bits() const noexcept { return bits_; }
  static constexpr ContentSet from(std::uint64_t bits) noexcept {
    ContentSet set;
    set.bits_ = bits;
    return set;
  }

  // Calls `use(content)` for each, in order.
  template <class Use>
  constexpr void each(Use use) const {
    for (std::uint64_t left = bits_; left != 0; left &= left - 1) {
      use(static_cast<ContentId>(std::countr_zero(left)));
    }
  }

  friend constexpr ContentSet operator|(ContentSet a, ContentSet b) noexcept {
    return from(a.bits_ | b.bits_);
  }
  friend constexpr ContentSet operator&(ContentSet a, ContentSet b) noexcept {
    return from(a.bits_ & b.bits_);
  }
  friend constexpr bool operator==(ContentSet, ContentSet) noexcept = default;

 private:
  static constexpr std::uint64_t bit(ContentId content) noexcept {
    return std::uint64_t{1} << (static_cast<unsigned>(content) & 63);
  }
  std::uint64_t bits_ = 0;
};

// A name that stands after `content =`: a set of detectors, or one detector of it.
struct ContentName {
  std::string name;      // as written, `set` or `set:detector`
  std::string set;
  std::string detector;  // empty: any of the set
  Location at;           // where it is written first
  friend bool operator==(const ContentName&, const ContentName&) = default;
};

struct GrantIfFound {
  ContentId content{};
  Grant grant;  // as strict as `nothing_found` on each axis, or stricter
  friend bool operator==(const GrantIfFound&, const GrantIfFound&) = default;
};

struct ContentGrant {
  Grant nothing_found;
  std::vector<GrantIfFound> if_found;  // by content; only those that make a difference
  friend bool operator==(const ContentGrant&, const ContentGrant&) = default;
};

// Gives what is granted where these were found: the strictest of all that they say.
Grant at(const ContentGrant& grant, ContentSet found) noexcept;
Grant strictest_of(const Grant& a, const Grant& b) noexcept;
ContentGrant strictest_of(const ContentGrant& a, const ContentGrant& b);
// Tells whether `to` grants more than `from` of some file.
bool loosens(const ContentGrant& from, const ContentGrant& to) noexcept;
// Gives those of `found` because of which there is something to redact.
ContentSet redacted_for(const ContentGrant& grant, ContentSet found) noexcept;
// Gives what has to be known of a file before it is opened; without how inspections end.
ContentSet asked_by(const ContentGrant& grant) noexcept;

}  // namespace sluice::policy
