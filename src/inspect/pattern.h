// SPDX-License-Identifier: MIT
// RE2 as this room uses it: on bytes, silent, within bounds.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::inspect {

using Regex = std::unique_ptr<const re2::RE2>;

inline re2::StringPiece piece_of(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

// Tells whether a regex is about characters beyond ASCII: then it is matched against UTF-8, and the
// fast engine, which sees bytes, is not used for it.
bool is_about_runes(std::string_view regex) noexcept;

// Gives `(?<name>` as the older form `(?P<name>`, which both engines know.
std::string with_old_names(std::string_view regex);

// Gives the regex without what it may begin with and need not (`[\w.-]{0,50}?`): it ends at the
// same places, and the fast engine then need not follow each beginning.
std::string without_optional_head(std::string_view regex);

// Tells whether each match holds one of some words that can be read off the regex (of two letters or
// more). Where none does, the fast engine has nothing to hold on to and becomes a slow one for all.
bool has_words(std::string_view regex);

// errors  what is wrong, without a place; RE2's words.
Result<Regex, Error> compile_regex(std::string_view regex);

// Gives one regex that matches where any of them does; null if there are none.
Result<Regex, Error> compile_any(const std::vector<std::string>& regexes);
// Gives one that finds any of these words, without regard to case; null if there are none.
Result<Regex, Error> compile_words(const std::vector<std::string>& words);

// Tells whether it matches somewhere in `text`; a null regex never does.
bool matches(const Regex& regex, std::string_view text) noexcept;

}  // namespace sluice::inspect
