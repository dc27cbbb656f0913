// SPDX-License-Identifier: MIT
#include "sluice/policy/name_set.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>

namespace sluice::policy {
namespace {

void set_bit(NameSet::Words& words, std::size_t bit) noexcept {
  words[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

// Ranks bytes by how well they read in an example path.
int rank(std::size_t byte) noexcept {
  const int c = static_cast<int>(byte);
  if (byte == 0) return 6;
  if (byte >= 128) return 5;
  if (std::islower(c) != 0) return 0;
  if (std::isalnum(c) != 0) return 1;
  if (std::isgraph(c) != 0) return 2;
  return std::isprint(c) != 0 ? 3 : 4;
}

}  // namespace

PatternId NameSet::add(const NamePattern& pattern) {
  if (pattern.is_any()) return kAnyName;
  const auto [found, inserted] = ids_.try_emplace(pattern.key(), PatternId{patterns_});
  if (!inserted) return found->second;
  ++patterns_;
  if (pattern.is_literal) {
    names_.emplace_back(pattern.literal, found->second);
  } else {
    wild_.emplace_back(pattern, found->second);
  }
  return found->second;
}

bool NameSet::freeze() {
  std::size_t states = 0;
  for (const auto& [pattern, id] : wild_) states += pattern.elements.size() + 1;
  if (states > kMaxStates || patterns_ > kMaxPatterns) return false;
  ids_ = {};
  split_bytes();
  lay_out();
  fill_literals();
  return true;
}

// Two bytes share a class if no element tells them apart.
void NameSet::split_bytes() {
  std::vector<ByteSet> distinct;
  std::unordered_map<ByteSet, bool> seen;
  for (const auto& [pattern, id] : wild_) {
    for (const ByteSet& set : pattern.elements) {
      if (seen.try_emplace(set, true).second) distinct.push_back(set);
    }
  }
  std::array<std::uint32_t, 256> now{};
  for (const ByteSet& set : distinct) {
    std::unordered_map<std::uint32_t, std::uint32_t> renamed;
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t split = now[byte] * 2 + (set.test(byte) ? 1 : 0);
      now[byte] =
          renamed.try_emplace(split, static_cast<std::uint32_t>(renamed.size())).first->second;
    }
  }
  // `/` stands apart, so that whoever makes up names can leave it out.
  now['/'] = 256;
  std::unordered_map<std::uint32_t, std::uint8_t> numbers;
  class_bytes_.clear();
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto [found, inserted] =
        numbers.try_emplace(now[byte], static_cast<std::uint8_t>(numbers.size()));
    class_of_[byte] = found->second;
    if (inserted) {
      class_bytes_.push_back(static_cast<char>(byte));
    } else if (rank(byte) < rank(static_cast<std::uint8_t>(class_bytes_[found->second]))) {
      class_bytes_[found->second] = static_cast<char>(byte);
    }
  }
}

void NameSet::lay_out() {
  std::size_t states = 0;
  for (const auto& [pattern, id] : wild_) {
    first_state_.push_back(static_cast<std::uint32_t>(states));
    states += pattern.elements.size() + 1;
  }
  const std::size_t words = (states + 63) / 64;
  for (Words* each : {&start_, &always_, &stays_, &accepts_}) each->assign(words, 0);
  takes_.assign(words * classes(), 0);
  for (std::size_t w = 0; w < wild_.size(); ++w) {
    const NamePattern& pattern = wild_[w].first;
    const std::size_t first = first_state_[w];
    set_bit(start_, first);
    if (pattern.star_before.front()) set_bit(always_, first);
    for (std::size_t i = 0; i <= pattern.elements.size(); ++i) {
      if (pattern.star_before[i]) set_bit(stays_, first + i);
      if (i == pattern.elements.size()) break;
      const std::size_t entered = first + i + 1;
      for (std::size_t c = 0; c < classes(); ++c) {
        if (!pattern.elements[i].test(static_cast<std::uint8_t>(class_bytes_[c]))) continue;
        takes_[c * words + entered / 64] |= std::uint64_t{1} << (entered % 64);
      }
    }
    set_bit(accepts_, first + pattern.elements.size());
  }
}

void NameSet::fill_literals() {
  table_.assign(std::bit_ceil(names_.size() * 2 + 2), 0);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    std::size_t at = hash(names_[i].first) & (table_.size() - 1);
    while (table_[at] != 0) at = (at + 1) & (table_.size() - 1);
    table_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

std::uint64_t NameSet::hash(std::string_view name) const noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t sum = name.size() * kOdd;
  for (std::size_t at = 0; at < name.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, name.data() + at, std::min<std::size_t>(8, name.size() - at));
    sum = (sum ^ word) * kOdd;
    sum ^= sum >> 32;
  }
  return sum;
}

PatternId NameSet::literal(std::string_view name) const noexcept {
  if (names_.empty()) return kNoPattern;
  std::size_t at = hash(name) & (table_.size() - 1);
  for (; table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
    const auto& [text, id] = names_[table_[at] - 1];
    if (text == name) return id;
  }
  return kNoPattern;
}

void NameSet::move(Words& states, std::size_t byte_class) const noexcept {
  const std::uint64_t* takes = takes_.data() + byte_class * words();
  std::uint64_t carried = 0;
  for (std::size_t w = 0; w < states.size(); ++w) {
    const std::uint64_t old = states[w];
    const std::uint64_t shifted = old << 1 | carried;
    carried = old >> 63;
    states[w] = (shifted & takes[w]) | (old & stays_[w]);
  }
}

void NameSet::accepted(const Words& states, std::vector<PatternId>& patterns) const {
  for (std::size_t w = 0; w < states.size(); ++w) {
    for (std::uint64_t bits = states[w] & accepts_[w]; bits != 0; bits &= bits - 1) {
      const auto state =
          static_cast<std::uint32_t>(w * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      const auto next = std::ranges::upper_bound(first_state_, state);
      patterns.push_back(wild_[static_cast<std::size_t>(next - first_state_.begin()) - 1].second);
    }
  }
}

}  // namespace sluice::policy
