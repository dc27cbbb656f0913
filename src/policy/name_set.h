// SPDX-License-Identifier: MIT
// All patterns of single names that a program has, matched against a name at once.
//
// Literal names are looked up in a hash table. The others run as one nondeterministic automaton
// whose states are bits: a bit for each point between two elements of a pattern. A byte moves all
// states by one shift, two ands and an or, for each word of 64 states. Bytes that no pattern tells
// apart share a class. NameDfa keeps what this works out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/policy/glob.h"

namespace sluice::policy {

// A pattern of single names; kAnyName matches each.
enum class PatternId : std::uint32_t {};
inline constexpr PatternId kAnyName{0};
inline constexpr PatternId kNoPattern{0xffffffff};

class NameSet {
 public:
  using Words = std::vector<std::uint64_t>;

  // Gives the pattern's id, the same for patterns written alike. Not after freeze().
  PatternId add(const NamePattern& pattern);
  // Builds the tables. Gives false if the patterns are more than kMaxStates can hold.
  bool freeze();

  static constexpr std::size_t kMaxStates = std::size_t{1} << 18;
  static constexpr std::size_t kMaxPatterns = (std::size_t{1} << 20) - 2;

  std::size_t size() const noexcept { return patterns_; }

  // Gives the literal pattern that is this name; kNoPattern if none is.
  PatternId literal(std::string_view name) const noexcept;
  // Gives its name; for literal patterns only.
  const std::vector<std::pair<std::string, PatternId>>& literals() const noexcept { return names_; }

  // The automaton of the patterns that are not literal.
  std::size_t words() const noexcept { return start_.size(); }
  std::size_t classes() const noexcept { return class_bytes_.size(); }
  std::uint8_t class_of(char byte) const noexcept {
    return class_of_[static_cast<std::uint8_t>(byte)];
  }
  // A byte of the class that is good to read, for examples.
  char sample(std::size_t byte_class) const noexcept { return class_bytes_[byte_class]; }
  const Words& start() const noexcept { return start_; }
  // States that are there from the start and never leave: what stands at a star that leads.
  const Words& always() const noexcept { return always_; }
  // Moves `states` by a byte of the class.
  void move(Words& states, std::size_t byte_class) const noexcept;
  // Adds the patterns that match where `states` stand, in ascending order.
  void accepted(const Words& states, std::vector<PatternId>& patterns) const;

 private:
  void split_bytes();
  void lay_out();
  void fill_literals();
  std::uint64_t hash(std::string_view name) const noexcept;

  std::uint32_t patterns_ = 1;
  std::unordered_map<std::string, PatternId> ids_;
  std::vector<std::pair<NamePattern, PatternId>> wild_;
  std::vector<std::pair<std::string, PatternId>> names_;
  std::vector<std::uint32_t> table_;  // index into names_ + 1, open addressing; a power of two long
  std::array<std::uint8_t, 256> class_of_{};
  std::vector<char> class_bytes_;
  std::vector<std::uint64_t> takes_;  // by class, then word: states entered by a byte of it
  Words start_, always_, stays_, accepts_;
  std::vector<std::uint32_t> first_state_;  // of each wild pattern, ascending
};

}  // namespace sluice::policy
