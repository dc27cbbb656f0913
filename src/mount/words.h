// SPDX-License-Identifier: MIT
// Which known word a misspelt one was probably meant to be.
#pragma once

#include <span>
#include <string_view>

namespace sluice::mount {

// Gives the known word that is fewest edits (insert, remove, replace, swap of neighbours) away;
// empty when none is near enough to be worth a suggestion, or `word` is longer than any option.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known) noexcept;

}  // namespace sluice::mount
