// SPDX-License-Identifier: MIT
// YAML, by its lines: what stands behind a key's colon goes, and so does what has no key, such as
// the items of a list. A block (`|`, `>`), a quoted text and a bracketed value may span lines; a
// plain one goes on over lines that are indented further than its key. source: YAML 1.2.2, chapters
// 6 to 8
#include <algorithm>

#include "sluice/inspect/values_text.h"

namespace sluice::inspect {
namespace {

constexpr FlowStyle kYaml{.separator = ':',
                          .comments = true,
                          .single_quotes = true,
                          .doubled = true,
                          .bare_keys = true,
                          .words = true};

class Yaml {
 public:
  Yaml(std::string_view text, Marks& marks) : text_{text}, marks_{marks} {}

  void run() {
    std::size_t at = text_.starts_with("\xef\xbb\xbf") ? 3 : 0;
    while (at < text_.size()) at = take(line_at(text_, at));
  }

 private:
  std::size_t take(const TextLine& line) {
    std::size_t at = skip_blanks(text_, line.begin, line.end);
    if (at == line.end) return line.next;
    if (text_[at] == '#') {
      hide_in_comment(text_, at, line.end, marks_);
      return line.next;
    }
    if (at == line.begin && (text_[at] == '%' || is_marker(line))) return take_marker(line);
    std::size_t column = at - line.begin;
    // `- - key: value`: each dash opens a list, whose item begins behind it.
    while (at < line.end && (text_[at] == '-' || text_[at] == '?') &&
           (at + 1 == line.end || is_blank(text_[at + 1]))) {
      column = at - line.begin;
      at = skip_blanks(text_, at + 1, line.end);
    }
    if (at == line.end) return line.next;
    const std::size_t colon = end_of_key(at, line.end);
    if (colon == text_.npos) return take_value(line, at, column);
    return take_value(line, colon + 1, at - line.begin);
  }

  bool is_marker(const TextLine& line) const noexcept {
    const std::string_view text = text_.substr(line.begin, line.end - line.begin);
    if (!text.starts_with("---") && !text.starts_with("...")) return false;
    return text.size() == 3 || is_blank(text[3]);
  }

  std::size_t take_marker(const TextLine& line) {
    if (text_[line.begin] == '%') return line.next;
    return take_value(line, line.begin + 3, 0, Alone::yes);
  }

  // Gives where the key that begins at `at` ends, at its colon; npos if there is no key.
  std::size_t end_of_key(std::size_t at, std::size_t end) const noexcept {
    if (text_[at] == '"' || text_[at] == '\'') {
      const Escape escape = text_[at] == '"' ? Escape::backslash : Escape::doubled;
      const std::size_t close = closing_quote(text_.substr(0, end), at, escape);
      if (close == text_.npos) return text_.npos;
      const std::size_t colon = skip_blanks(text_, close + 1, end);
      return colon < end && text_[colon] == ':' && ends_key(colon, end) ? colon : text_.npos;
    }
    if (std::string_view{"[]{},&*!|>%@`#"}.find(text_[at]) != std::string_view::npos)
      return text_.npos;
    for (std::size_t i = at; i < end; ++i) {
      if (text_[i] == ':' && ends_key(i, end)) return i;
      if (text_[i] == '#' && i > at && is_blank(text_[i - 1])) return text_.npos;
    }
    return text_.npos;
  }

  bool ends_key(std::size_t colon, std::size_t end) const noexcept {
    return colon + 1 == end || is_blank(text_[colon + 1]);
  }

  enum class Alone : std::uint8_t { no, yes };

  // Reads the value at `at`; lines that are indented further than `column` may belong to it.
  std::size_t take_value(const TextLine& line, std::size_t at, std::size_t column,
                         Alone alone = Alone::no) {
    at = skip_blanks(text_, at, line.end);
    const std::size_t value = skip_properties(at, line.end);
    marks_.hide(at, value);
    if (value == line.end) return line.next;
    switch (text_[value]) {
      case '#': hide_in_comment(text_, value, line.end, marks_); return line.next;
      case '|':
      case '>': return take_block(line, value, column, alone);
      case '"':
      case '\'': return take_quoted(value, column);
      case '{':
      case '[': return finish(hide_flow(text_, value, kYaml, marks_), column);
      default: break;
    }
    const std::size_t comment = find_comment(value, line.end);
    marks_.hide(value, comment);
    if (comment < line.end) hide_in_comment(text_, comment, line.end, marks_);
    return hide_deeper(line.next, column);
  }

  // Tags and anchors: `!!binary &a `.
  std::size_t skip_properties(std::size_t at, std::size_t end) const noexcept {
    while (at < end && (text_[at] == '!' || text_[at] == '&')) {
      while (at < end && !is_blank(text_[at])) ++at;
      at = skip_blanks(text_, at, end);
    }
    return at;
  }

  // Gives where ` #` begins a comment; `end` if nowhere.
  std::size_t find_comment(std::size_t at, std::size_t end) const noexcept {
    for (std::size_t i = at + 1; i < end; ++i) {
      if (text_[i] == '#' && is_blank(text_[i - 1])) return i;
    }
    return end;
  }

  std::size_t take_block(const TextLine& line, std::size_t at, std::size_t column, Alone alone) {
    // Behind the sign only `+`, `-`, a digit and a comment may stand.
    std::size_t rest = at + 1;
    while (rest < line.end &&
           std::string_view{"+-0123456789"}.find(text_[rest]) != std::string_view::npos)
      ++rest;
    marks_.hide(rest, line.end);
    if (alone == Alone::yes) return hide_until_marker(line.next);
    return hide_deeper(line.next, column);
  }

  std::size_t hide_until_marker(std::size_t at) {
    while (at < text_.size()) {
      const TextLine line = line_at(text_, at);
      if (is_marker(line)) break;
      marks_.hide(line.begin, line.end);
      at = line.next;
    }
    return at;
  }

  std::size_t take_quoted(std::size_t at, std::size_t column) {
    const Escape escape = text_[at] == '"' ? Escape::backslash : Escape::doubled;
    const std::size_t close = closing_quote(text_, at, escape);
    if (close == text_.npos) {
      marks_.hide(at, text_.size());
      return text_.size();
    }
    marks_.hide(at + 1, close);
    return finish(close + 1, column);
  }

  // What is left on the line where a value ended.
  std::size_t finish(std::size_t at, std::size_t column) {
    if (at >= text_.size()) return text_.size();
    const TextLine line = line_at(text_, at);
    const std::size_t rest = skip_blanks(text_, at, line.end);
    if (rest < line.end && text_[rest] == '#') {
      hide_in_comment(text_, rest, line.end, marks_);
    } else {
      marks_.hide(rest, line.end);
    }
    return hide_deeper(line.next, column);
  }

  // Hides the lines from `at` on that are indented further than `column`.
  std::size_t hide_deeper(std::size_t at, std::size_t column) {
    while (at < text_.size()) {
      const TextLine line = line_at(text_, at);
      const std::size_t begin = skip_blanks(text_, at, line.end);
      if (begin < line.end) {
        if (begin - line.begin <= column) break;
        marks_.hide(begin, line.end);
      }
      at = line.next;
    }
    return at;
  }

  std::string_view text_;
  Marks& marks_;
};

}  // namespace

void hide_yaml(std::string_view text, Marks& marks) { Yaml{text, marks}.run(); }

}  // namespace sluice::inspect
