// SPDX-License-Identifier: MIT
// A word of single-bit flags whose enumerators are the bits themselves.
#pragma once

#include <initializer_list>
#include <type_traits>

namespace sluice {

template <class Bit>
  requires std::is_enum_v<Bit>
class Flags {
 public:
  using Word = std::underlying_type_t<Bit>;

  constexpr Flags() noexcept = default;
  constexpr Flags(Bit bit) noexcept : word_{static_cast<Word>(bit)} {}
  constexpr Flags(std::initializer_list<Bit> bits) noexcept {
    for (Bit bit : bits) word_ = static_cast<Word>(word_ | static_cast<Word>(bit));
  }
  // Takes a word as the wire has it; bits without a name are kept.
  static constexpr Flags from(Word word) noexcept {
    Flags flags;
    flags.word_ = word;
    return flags;
  }

  constexpr bool has(Bit bit) const noexcept { return (word_ & static_cast<Word>(bit)) != 0; }
  constexpr bool none() const noexcept { return word_ == 0; }
  constexpr Word word() const noexcept { return word_; }

  constexpr Flags& set(Bit bit, bool on = true) noexcept {
    word_ = static_cast<Word>(on ? word_ | static_cast<Word>(bit) : word_ & ~static_cast<Word>(bit));
    return *this;
  }
  constexpr Flags without(Flags other) const noexcept {
    return from(static_cast<Word>(word_ & ~other.word_));
  }
  friend constexpr Flags operator|(Flags a, Flags b) noexcept {
    return from(static_cast<Word>(a.word_ | b.word_));
  }
  friend constexpr Flags operator&(Flags a, Flags b) noexcept {
    return from(static_cast<Word>(a.word_ & b.word_));
  }
  friend constexpr bool operator==(Flags, Flags) noexcept = default;

 private:
  Word word_ = 0;
};

}  // namespace sluice
