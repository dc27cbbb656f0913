// SPDX-License-Identifier: MIT
// RE2 as this room uses it: on bytes, silent, within bounds.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::inspect {

// Whether a regex is compiled at once, or when it is first needed. The latter is for what is known
// to compile, because it has been compiled before.
enum class When : std::uint8_t { now, later };

// A regex, or none. Any number of threads may match with it.
class Regex {
 public:
  Regex() noexcept;
  Regex(std::string text, bool runes);  // later
  explicit Regex(std::unique_ptr<const re2::RE2> compiled);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  friend bool operator==(const Regex& regex, std::nullptr_t) noexcept {
    return regex.state_ == nullptr;
  }
  // Not to be used of none. Throws std::bad_alloc if it cannot be compiled any more.
  const re2::RE2* operator->() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

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

// errors  what is wrong, without a place; RE2's words. Only for When::now.
Result<Regex, Error> compile_regex(std::string_view regex, When when = When::now);

// Gives one regex that matches where any of them does; null if there are none.
Result<Regex, Error> compile_any(const std::vector<std::string>& regexes, When when = When::now);
// Gives one that finds any of these words, without regard to case; null if there are none.
Result<Regex, Error> compile_words(const std::vector<std::string>& words, When when = When::now);

// Tells whether it matches somewhere in `text`; a null regex never does. Throws as `->` does.
bool matches(const Regex& regex, std::string_view text);

}  // namespace sluice::inspect
