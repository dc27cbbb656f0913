// SPDX-License-Identifier: MIT
// Small things about words: which known one a misspelt one was meant to be, and UTF-8.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::policy {

// Gives the known word that is fewest edits (insert, remove, replace, swap of neighbours) away;
// empty when none is near enough to be worth a suggestion.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// Gives "; did you mean `...`?" or "".
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

// Gives the length in bytes of the well-formed character that `text` begins with; 0 if there is
// none.
std::size_t utf8_length(std::string_view text) noexcept;

// Gives the offset of the first byte that is not UTF-8; npos when all is.
std::size_t find_not_utf8(std::string_view text) noexcept;

}  // namespace sluice::policy
