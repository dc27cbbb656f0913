// SPDX-License-Identifier: MIT
// Grants that depend on what a file contains.
//
// Rules speak of contents by name (`content = "builtin"`). Each name that rules of a program use
// has a number; what was found in a file is a set of them. How an inspection may end without an
// answer is in the same set, so that there is a grant for that too. More found never means more
// granted: the strictest of what each content alone gives holds.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <vector>

#include "sluice/policy/verdict.h"

namespace sluice::policy {

// A name in `content` of a program's rules: an index into Program::contents().
enum class ContentId : std::uint8_t {};
inline constexpr std::size_t kMaxContents = 60;
// How an inspection ended, where not with an answer.
inline constexpr ContentId kTooBig{60};    // [default].too_big holds
inline constexpr ContentId kTimedOut{61};  // [default].on_timeout holds
inline constexpr ContentId kFailed{62};    // [default].on_error holds

// Tells whether it is a name of the policy, and not how an inspection ended.
constexpr bool is_named(ContentId content) noexcept {
  return static_cast<std::size_t>(content) < kMaxContents;
}

// Contents, as bits.
class ContentSet {
 public:
  class Iterator {
   public:
    using value_type = ContentId;
    using difference_type = std::ptrdiff_t;
    constexpr Iterator() noexcept = default;
    constexpr explicit Iterator(std::uint64_t left) noexcept : left_{left} {}
    constexpr ContentId operator*() const noexcept {
      return static_cast<ContentId>(std::countr_zero(left_));
    }
    constexpr Iterator& operator++() noexcept {
      left_ &= left_ - 1;
      return *this;
    }
    constexpr Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend constexpr bool operator==(Iterator, Iterator) noexcept = default;

   private:
    std::uint64_t left_ = 0;
  };

  constexpr ContentSet() noexcept = default;
  constexpr ContentSet(std::initializer_list<ContentId> contents) noexcept {
    for (const ContentId content : contents) add(content);
  }
  static constexpr ContentSet from_bits(std::uint64_t bits) noexcept {
    ContentSet set;
    set.bits_ = bits;
    return set;
  }

  constexpr bool has(ContentId content) const noexcept { return (bits_ & bit(content)) != 0; }
  constexpr void add(ContentId content) noexcept { bits_ |= bit(content); }
  constexpr void remove(ContentId content) noexcept { bits_ &= ~bit(content); }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr std::size_t size() const noexcept {
    return static_cast<std::size_t>(std::popcount(bits_));
  }
  constexpr std::uint64_t bits() const noexcept { return bits_; }
  // Gives those that are names of the policy.
  constexpr ContentSet named() const noexcept {
    return from_bits(bits_ & ((std::uint64_t{1} << kMaxContents) - 1));
  }

  // In ascending order.
  constexpr Iterator begin() const noexcept { return Iterator{bits_}; }
  constexpr Iterator end() const noexcept { return Iterator{}; }

  friend constexpr ContentSet operator|(ContentSet a, ContentSet b) noexcept {
    return from_bits(a.bits_ | b.bits_);
  }
  friend constexpr ContentSet operator&(ContentSet a, ContentSet b) noexcept {
    return from_bits(a.bits_ & b.bits_);
  }
  constexpr ContentSet& operator|=(ContentSet other) noexcept { return *this = *this | other; }
  friend constexpr bool operator==(ContentSet, ContentSet) noexcept = default;

 private:
  static constexpr std::uint64_t bit(ContentId content) noexcept {
    return std::uint64_t{1} << (static_cast<unsigned>(content) & 63u);
  }
  std::uint64_t bits_ = 0;
};

// The grant when this content is found and nothing else.
struct GrantIfFound {
  ContentId content{};
  Grant grant;
  friend bool operator==(const GrantIfFound&, const GrantIfFound&) noexcept = default;
};

// A grant as a function of what is found.
struct ContentGrant {
  Grant nothing_found;
  // Sorted by content. Those that are stricter than nothing_found, and those that have more of an
  // already redacted file redacted; of how inspections end only where some name stands here.
  std::vector<GrantIfFound> if_found;

  bool depends() const noexcept { return !if_found.empty(); }
  friend bool operator==(const ContentGrant&, const ContentGrant&) noexcept = default;
};

// Gives the strictest of nothing_found and of what each content that was found gives.
Grant at(const ContentGrant& grant, ContentSet found) noexcept;

// Gives the names that have an entry: what a file must be inspected for before it is opened.
ContentSet asked_by(const ContentGrant& grant) noexcept;

// Gives those of `found` whose entry says redact: what they find is to be kept back, besides what
// at(grant, found).with says.
ContentSet redacted_for(const ContentGrant& grant, ContentSet found) noexcept;

// Gives, for whatever is found, the strictest of both. Takes memory for the entries.
ContentGrant strictest_of(const ContentGrant& a, const ContentGrant& b);

// Tells whether `to` may show or allow more than `from` for something that may be found.
bool loosens(const ContentGrant& from, const ContentGrant& to) noexcept;

}  // namespace sluice::policy
