// SPDX-License-Identifier: MIT
// JSON and TOML, and values in brackets wherever they stand. Brackets, commas, separators, quotes
// and keys stay. A key is what stands between a brace (or a comma within braces) and a separator.
#include <algorithm>
#include <array>
#include <vector>

#include "sluice/inspect/values_text.h"

namespace sluice::inspect {
namespace {

constexpr std::size_t kDeepest = 1000;

class Flow {
 public:
  Flow(std::string_view text, std::size_t at, const FlowStyle& style, Marks& marks)
      : text_{text}, at_{at}, style_{style}, marks_{marks} {}

  // Reads until brackets are closed that were opened, or one value is read outside of any.
  std::size_t run() {
    do {
      if (!step()) return text_.size();
    } while (at_ < text_.size() && !(done_ && open_.empty()));
    return at_;
  }

 private:
  // Reads one thing. false: it cannot be told what comes; all the rest is hidden.
  bool step() {
    const char c = text_[at_];
    if (is_blank(c) || c == '\n' || c == '\r') {
      ++at_;
    } else if (c == '{' || c == '[') {
      if (open_.size() == kDeepest) return give_up();
      open_.push_back(c);
      expects_value_ = false;
      ++at_;
    } else if (c == '}' || c == ']') {
      if (open_.empty() || (open_.back() == '{') != (c == '}')) return give_up();
      open_.pop_back();
      done_ = true;
      ++at_;
    } else if (c == ',' && !open_.empty()) {
      expects_value_ = false;
      ++at_;
    } else if (c == style_.separator && !open_.empty()) {
      expects_value_ = true;
      ++at_;
    } else if (c == '#' && style_.comments && stands_alone()) {
      take_comment();
    } else if (c == '"' || (c == '\'' && style_.single_quotes)) {
      return take_quoted();
    } else {
      take_bare();
    }
    return true;
  }

  bool give_up() {
    marks_.hide(at_, text_.size());
    return false;
  }

  bool stands_alone() const noexcept {
    return at_ == 0 ||
           std::string_view{" \t\r\n,{["}.find(text_[at_ - 1]) != std::string_view::npos ||
           style_.triple;
  }

  void take_comment() {
    const TextLine line = line_at(text_, at_);
    hide_in_comment(text_, at_, line.end, marks_);
    at_ = line.end;
  }

  // Tells whether what ended before `at` is a key.
  bool is_key(std::size_t at) const noexcept {
    if (open_.empty() || open_.back() != '{') return false;
    while (at < text_.size() && (is_blank(text_[at]) || text_[at] == '\n' || text_[at] == '\r'))
      ++at;
    return at < text_.size() && text_[at] == style_.separator;
  }

  bool take_quoted() {
    const char quote = text_[at_];
    const std::array<char, 3> three{quote, quote, quote};
    const std::string_view triple{three.data(), three.size()};
    if (style_.triple && text_.substr(at_).starts_with(triple)) return take_triple(triple);
    const Escape escape = quote == '"'     ? Escape::backslash
                          : style_.doubled ? Escape::doubled
                                           : Escape::none;
    const std::size_t close = closing_quote(text_, at_, escape);
    if (close == text_.npos) return give_up();
    // A key on the far side of a line end is more likely a quote that was never closed.
    const bool lines = text_.substr(at_, close - at_).find('\n') != std::string_view::npos;
    if (lines || expects_value_ || !is_key(close + 1)) marks_.hide(at_ + 1, close);
    at_ = close + 1;
    expects_value_ = false;
    done_ = true;
    return true;
  }

  bool take_triple(std::string_view triple) {
    std::size_t close = at_ + 3;
    while (close < text_.size() && !text_.substr(close).starts_with(triple)) {
      close += triple[0] == '"' && text_[close] == '\\' ? 2 : 1;
    }
    if (close >= text_.size()) return give_up();
    marks_.hide(at_ + 3, close);
    at_ = close + 3;
    // Up to two quotes may belong to the text before the three that end it.
    while (at_ < text_.size() && text_[at_] == triple[0]) ++at_;
    done_ = true;
    return true;
  }

  void take_bare() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !ends_bare(text_[at_])) ++at_;
    if (at_ == begin) ++at_;
    const bool key = style_.bare_keys && !expects_value_ && text_[begin] != style_.separator &&
                     is_key(at_) &&
                     text_.substr(begin, at_ - begin).find('\n') == std::string_view::npos;
    if (!key) {
      if (style_.words) {
        marks_.hide(begin, at_);
      } else {
        marks_.hide_bare(begin, at_);
      }
    }
    expects_value_ = false;
    done_ = true;
  }

  bool ends_bare(char c) const noexcept {
    if (c == '\n' || c == '\r') return true;
    if (c == '#' && style_.comments && at_ > 0 && is_blank(text_[at_ - 1])) return true;
    if (open_.empty()) return false;
    if (c == style_.separator && style_.separator == ':') {
      // In YAML a colon separates only before a blank or what is quoted or bracketed.
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
      return !style_.words ||
             std::string_view{" \t\r\n,[]{}\"'"}.find(next) != std::string_view::npos;
    }
    return std::string_view{",{}[]\"="}.find(c) != std::string_view::npos &&
           (c != '=' || style_.separator == '=') && (c != '"' || !style_.words);
  }

  std::string_view text_;
  std::size_t at_;
  const FlowStyle& style_;
  Marks& marks_;
  std::vector<char> open_;
  bool done_ = false;
  bool expects_value_ = false;  // a separator came last
};

constexpr FlowStyle kJson{.separator = ':'};
constexpr FlowStyle kToml{
    .separator = '=', .comments = true, .single_quotes = true, .triple = true, .bare_keys = true};

// Gives where the key of a TOML line ends, at its `=`; npos if there is none.
std::size_t end_of_key(std::string_view text, std::size_t at, std::size_t end) noexcept {
  while (at < end && text[at] != '=') {
    if (text[at] == '"' || text[at] == '\'') {
      const Escape escape = text[at] == '"' ? Escape::backslash : Escape::none;
      const std::size_t close = closing_quote(text.substr(0, end), at, escape);
      if (close == text.npos) return text.npos;
      at = close;
    } else if (std::string_view{"{}[],#"}.find(text[at]) != std::string_view::npos) {
      return text.npos;
    }
    ++at;
  }
  return at < end ? at : text.npos;
}

// What is left on the line after a value: a comment, or nothing that has a place there.
std::size_t finish_line(std::string_view text, std::size_t at, Marks& marks) {
  if (at >= text.size()) return text.size();
  const TextLine line = line_at(text, at);
  const std::size_t rest = skip_blanks(text, at, line.end);
  if (rest < line.end && text[rest] == '#') {
    hide_in_comment(text, rest, line.end, marks);
  } else {
    marks.hide(rest, line.end);
  }
  return line.next;
}

}  // namespace

std::size_t hide_flow(std::string_view text, std::size_t at, const FlowStyle& style, Marks& marks) {
  return at < text.size() ? Flow{text, at, style, marks}.run() : at;
}

void hide_json(std::string_view text, Marks& marks) {
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  // More than one value (JSON lines) is read one after the other.
  while (at < text.size()) at = hide_flow(text, at, kJson, marks);
}

void hide_toml(std::string_view text, Marks& marks) {
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < text.size()) {
    const TextLine line = line_at(text, at);
    const std::size_t begin = skip_blanks(text, at, line.end);
    if (begin == line.end) {
      at = line.next;
    } else if (text[begin] == '#') {
      hide_in_comment(text, begin, line.end, marks);
      at = line.next;
    } else if (text[begin] == '[') {
      const auto close = text.substr(begin, line.end - begin).rfind(']');
      if (close == std::string_view::npos) marks.hide(begin + 1, line.end);
      at =
          close == std::string_view::npos ? line.next : finish_line(text, begin + close + 1, marks);
    } else if (const std::size_t key = end_of_key(text, begin, line.end); key == text.npos) {
      marks.hide(begin, line.end);
      at = line.next;
    } else {
      const std::size_t value = skip_blanks(text, key + 1, line.end);
      at = value == line.end ? line.next
                             : finish_line(text, hide_flow(text, value, kToml, marks), marks);
    }
  }
}

}  // namespace sluice::inspect
