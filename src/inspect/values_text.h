// SPDX-License-Identifier: MIT
// What the readers of the formats share: a text, and the marks on it of what is to be hidden.
#pragma once

#include <string_view>
#include <vector>

#include "sluice/inspect/redaction.h"

namespace sluice::inspect {

// Marks ranges in ascending order; what is marked twice is marked once.
class Marks {
 public:
  explicit Marks(std::string_view text) noexcept : text_{text} {}

  // A value. Blanks at its ends stay, line ends as well.
  void hide(std::size_t begin, std::size_t end) { add(begin, end, std::byte{'x'}); }
  // A word that stands without quotes where only numbers may.
  void hide_bare(std::size_t begin, std::size_t end) { add(begin, end, std::byte{'1'}); }

  struct Mark {
    std::size_t begin;
    std::size_t end;
    std::byte fill;
  };
  const std::vector<Mark>& all() const noexcept { return marks_; }

 private:
  void add(std::size_t begin, std::size_t end, std::byte fill);

  std::string_view text_;
  std::vector<Mark> marks_;
};

// A line without its end.
struct TextLine {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t next = 0;  // where the next one begins
};
TextLine line_at(std::string_view text, std::size_t at) noexcept;

inline bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
// Gives the first place from `at` on, before `end`, that is no blank.
std::size_t skip_blanks(std::string_view text, std::size_t at, std::size_t end) noexcept;

// Gives where the quoted text that begins at `at` ends: at its closing quote, or npos. A backslash
// escapes (in `"`), or a doubled quote does (`'` in YAML).
enum class Escape : std::uint8_t { none, backslash, doubled };
std::size_t closing_quote(std::string_view text, std::size_t at, Escape escape) noexcept;

// Hides the value of a comment that looks like a setting that was switched off.
void hide_in_comment(std::string_view text, std::size_t begin, std::size_t end, Marks& marks);

// Values in braces and brackets: JSON, and what YAML and TOML write so. Begins at `at` and gives
// the place behind the value, or behind all where brackets are never closed.
struct FlowStyle {
  char separator = ':';        // between key and value
  bool comments = false;       // `#` begins one
  bool single_quotes = false;  // are quotes
  bool doubled = false;        // a single quote is written as two
  bool triple = false;         // three quotes are one that spans lines
  bool bare_keys = false;      // a key may stand without quotes
  bool words = false;          // a bare value is text, not a number
};
std::size_t hide_flow(std::string_view text, std::size_t at, const FlowStyle& style, Marks& marks);

void hide_lines(std::string_view text, bool properties, bool ini, Marks& marks);
void hide_yaml(std::string_view text, Marks& marks);
void hide_json(std::string_view text, Marks& marks);
void hide_toml(std::string_view text, Marks& marks);

}  // namespace sluice::inspect
