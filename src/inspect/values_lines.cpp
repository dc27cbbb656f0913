// SPDX-License-Identifier: MIT
// Dotenv, ini and properties: a setting a line. They differ in what separates, what begins a
// comment and what makes a line go on; where readers of one format disagree (is ` #` within a
// value? may a quoted value span lines?), what any of them takes for a value is hidden.
#include <algorithm>
#include <cctype>

#include "sluice/inspect/values_text.h"

namespace sluice::inspect {
namespace {

constexpr std::size_t kLongestKey = 128;

bool is_key_char(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view{"_-.$/[]%*@"}.find(c) != std::string_view::npos;
}

// Blanks within a key: ini files have them, the others do not.
enum class Blanks : std::uint8_t { no, yes };

// Tells whether what stands before a separator can be a key.
bool is_key(std::string_view key, Blanks blanks) noexcept {
  if (const auto last = key.find_last_not_of(" \t"); last != key.npos)
    key = key.substr(0, last + 1);
  if (key.empty() || key.size() > kLongestKey || key.starts_with("--")) return false;
  return std::ranges::all_of(
      key, [&](char c) { return is_key_char(c) || (blanks == Blanks::yes && is_blank(c)); });
}

// Tells whether a line with nothing but `=` behind what could be its key is rather the end of some
// base64: if there are two of them, if it is long, or if the line before it was no setting either.
enum class Before : std::uint8_t { setting, loose };
bool is_padding(std::string_view key, std::string_view rest, Before before) noexcept {
  if (rest.find_first_not_of("= \t") != rest.npos) return false;
  return before == Before::loose || key.size() > 40 || rest.starts_with('=');
}

class Lines {
 public:
  Lines(std::string_view text, bool properties, bool ini, Marks& marks)
      : text_{text}, properties_{properties}, ini_{ini}, marks_{marks} {}

  void run() {
    std::size_t at = text_.starts_with("\xef\xbb\xbf") ? 3 : 0;
    while (at < text_.size()) at = take(line_at(text_, at));
  }

 private:
  // Reads what begins on `line`; gives where to go on.
  std::size_t take(const TextLine& line) {
    const std::size_t begin = skip_blanks(text_, line.begin, line.end);
    if (goes_on_) {
      // Part of the value before it, whatever it looks like.
      marks_.hide(begin, line.end);
      goes_on_ = ends_in_backslash(line);
      return line.next;
    }
    if (begin == line.end) return line.next;
    const std::size_t indent = begin - line.begin;
    if (is_comment(text_[begin])) {
      hide_in_comment(text_, begin, line.end, marks_);
      return line.next;
    }
    if (ini_ && text_[begin] == '[') return take_section(line, begin);
    if (ini_ && has_key_ && indent > key_indent_) {
      marks_.hide(begin, line.end);
      return line.next;
    }
    return take_setting(line, begin, indent);
  }

  bool is_comment(char c) const noexcept {
    return c == '#' || (ini_ && c == ';') || (properties_ && c == '!');
  }

  std::size_t take_section(const TextLine& line, std::size_t begin) {
    const auto close = text_.substr(begin, line.end - begin).rfind(']');
    marks_.hide(close == std::string_view::npos ? begin + 1 : begin + close + 1, line.end);
    has_key_ = false;
    return line.next;
  }

  std::size_t take_setting(const TextLine& line, std::size_t begin, std::size_t indent) {
    std::size_t key = begin;
    if (text_.substr(begin, line.end - begin).starts_with("export "))
      key = skip_blanks(text_, begin + 7, line.end);
    const std::size_t separator = find_separator(key, line.end);
    const std::string_view word = text_.substr(key, separator - key);
    const Blanks blanks = ini_ ? Blanks::yes : Blanks::no;
    if (separator == line.end || !is_key(word, blanks) ||
        is_padding(word, text_.substr(separator + 1, line.end - separator - 1), before_)) {
      before_ = Before::loose;
      marks_.hide(begin, line.end);
      goes_on_ = ends_in_backslash(line);
      return line.next;
    }
    before_ = Before::setting;
    has_key_ = true;
    key_indent_ = indent;
    return take_value(line, separator + 1);
  }

  std::size_t find_separator(std::size_t at, std::size_t end) const noexcept {
    for (; at < end; ++at) {
      const char c = text_[at];
      if (c == '=' || c == ':') return at;
      if (!properties_ || !is_blank(c)) continue;
      // A blank separates, unless a real separator follows.
      const std::size_t next = skip_blanks(text_, at, end);
      return next < end && (text_[next] == '=' || text_[next] == ':') ? next : at;
    }
    return end;
  }

  std::size_t take_value(const TextLine& line, std::size_t at) {
    at = skip_blanks(text_, at, line.end);
    if (at < line.end && (text_[at] == '=' || text_[at] == ':'))
      at = skip_blanks(text_, at + 1, line.end);
    if (at == line.end) return line.next;
    const char first = text_[at];
    if (first == '"' || first == '\'' || first == '`') return take_quoted(line, at);
    marks_.hide(at, line.end);
    goes_on_ = ends_in_backslash(line);
    return line.next;
  }

  std::size_t take_quoted(const TextLine& line, std::size_t at) {
    const Escape escape = text_[at] == '"' ? Escape::backslash : Escape::none;
    const std::size_t close = closing_quote(text_, at, escape);
    if (close == text_.npos) {
      // Where it ends nobody can say.
      marks_.hide(at, text_.size());
      return text_.size();
    }
    marks_.hide(at + 1, close);
    const TextLine last = close < line.end ? line : line_at(text_, close);
    const std::size_t rest = skip_blanks(text_, close + 1, last.end);
    if (rest >= last.end) return last.next;
    if (text_[rest] == '#' && rest > close + 1) {
      hide_in_comment(text_, rest, last.end, marks_);
    } else {
      marks_.hide(close + 1, last.end);
    }
    return last.next;
  }

  bool ends_in_backslash(const TextLine& line) const noexcept {
    return line.end > line.begin && text_[line.end - 1] == '\\';
  }

  std::string_view text_;
  bool properties_;
  bool ini_;
  Marks& marks_;
  bool goes_on_ = false;
  bool has_key_ = false;
  Before before_ = Before::setting;
  std::size_t key_indent_ = 0;
};

}  // namespace

void hide_lines(std::string_view text, bool properties, bool ini, Marks& marks) {
  Lines{text, properties, ini, marks}.run();
}

}  // namespace sluice::inspect
