// SPDX-License-Identifier: MIT
// Taken from the enumerators themselves as the compiler spells them, so that there is no second
// list to keep.
#include "sluice/wire/opcode_names.h"

#include <array>
#include <cstddef>
#include <utility>

namespace sluice::wire {
namespace {

struct Name {
  std::array<char, 32> text{};
  std::size_t size = 0;
};

template <Opcode opcode>
constexpr Name spell() {
  // "... [with ... opcode = sluice::Opcode::lookup; ...]", or a number in place of the name.
  std::string_view words = __PRETTY_FUNCTION__;
  constexpr std::string_view kBefore = "Opcode::";
  Name name;
  const std::size_t at = words.rfind(kBefore);
  if (at == std::string_view::npos) return name;
  for (char c : words.substr(at + kBefore.size())) {
    const bool letter = c >= 'a' && c <= 'z';
    if (!letter && c != '_' && !(c >= '0' && c <= '9')) break;
    name.text[name.size++] = letter ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

template <std::size_t... number>
constexpr auto spell_all(std::index_sequence<number...>) {
  return std::array{spell<static_cast<Opcode>(number)>()...};
}

constexpr auto kNames = spell_all(std::make_index_sequence<kOpcodeLimit>{});
static_assert(kNames[1].size == 6 && kNames[7].size == 0);

}  // namespace

std::string_view name(Opcode opcode) noexcept {
  const auto number = static_cast<std::size_t>(opcode);
  if (number >= kNames.size()) return {};
  return {kNames[number].text.data(), kNames[number].size};
}

}  // namespace sluice::wire
