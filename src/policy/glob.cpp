// SPDX-License-Identifier: MIT
// What git takes for a pattern that never matches is an error here: a rule that does nothing
// because of a slip would be a hole.
#include "sluice/policy/glob.h"

#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "sluice/policy/diagnostic.h"

namespace sluice::policy {
namespace {

using Failure = std::unexpected<GlobError>;

Failure bad(std::size_t offset, std::string text) {
  return Failure{GlobError{offset, std::move(text)}};
}

std::size_t index_of(char byte) noexcept { return static_cast<unsigned char>(byte); }

ByteSet one(char byte) {
  ByteSet set;
  set.set(index_of(byte));
  return set;
}

ByteSet whole_byte() {
  ByteSet set;
  set.set();
  return set.reset(index_of('/'));
}

struct NamedClass {
  std::string_view name;
  int (*holds)(int);
};
// The C locale's classes: nothing here sets another one.
constexpr std::array kClasses{
    NamedClass{"alnum", std::isalnum}, NamedClass{"alpha", std::isalpha},
    NamedClass{"blank", std::isblank}, NamedClass{"cntrl", std::iscntrl},
    NamedClass{"digit", std::isdigit}, NamedClass{"graph", std::isgraph},
    NamedClass{"lower", std::islower}, NamedClass{"print", std::isprint},
    NamedClass{"punct", std::ispunct}, NamedClass{"space", std::isspace},
    NamedClass{"upper", std::isupper}, NamedClass{"xdigit", std::isxdigit}};

// Reads one name's pattern from `text`, which holds no unescaped `/`.
class NameParser {
 public:
  NameParser(std::string_view text, std::size_t base) : text_{text}, base_{base} {}

  std::expected<NamePattern, GlobError> parse() {
    pattern_.star_before.push_back(false);
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '*') {
        pattern_.star_before.back() = true;
        pattern_.is_literal = false;
        ++at_;
      } else if (c == '?') {
        add(whole_byte());
        ++at_;
      } else if (c == '[') {
        auto set = parse_class();
        if (!set) return std::unexpected{std::move(set).error()};
        add(*set);
      } else {
        if (c == '\\' && ++at_ == text_.size()) return bad(base_ + at_ - 1, "`\\` escapes nothing");
        pattern_.literal += text_[at_];
        add(one(text_[at_++]));
      }
    }
    if (!pattern_.is_literal) pattern_.literal.clear();
    return std::move(pattern_);
  }

 private:
  void add(const ByteSet& set) {
    if (set.count() != 1) pattern_.is_literal = false;
    // `[a]` is one byte, but not a literal's: it takes the general way, which is as right.
    if (pattern_.literal.size() != pattern_.elements.size() + 1) pattern_.is_literal = false;
    pattern_.elements.push_back(set);
    pattern_.star_before.push_back(false);
  }

  // Reads the byte of a class at at_, with its escape.
  std::expected<char, GlobError> class_byte() {
    if (text_[at_] == '\\' && ++at_ >= text_.size()) return bad(base_ + at_ - 1, kOpen);
    const char c = text_[at_];
    if (index_of(c) >= 0x80) {
      return bad(base_ + at_,
                 "a class holds bytes, and this character is several; write it in a"
                 " pattern of its own");
    }
    ++at_;
    return c;
  }

  std::expected<ByteSet, GlobError> parse_class() {
    const std::size_t open = at_++;
    const bool negated = at_ < text_.size() && (text_[at_] == '!' || text_[at_] == '^');
    if (negated) ++at_;
    ByteSet set;
    for (bool first = true; at_ < text_.size(); first = false) {
      if (text_[at_] == ']' && !first) {
        ++at_;
        if (negated) set.flip();
        set.reset(index_of('/'));
        if (set.none()) return bad(base_ + open, "this class matches no byte");
        return set;
      }
      if (text_.substr(at_).starts_with("[:")) {
        if (auto failed = add_named(set)) return Failure{std::move(*failed)};
      } else if (auto failed = add_range(set)) {
        return Failure{std::move(*failed)};
      }
    }
    return bad(base_ + open, kOpen);
  }

  std::optional<GlobError> add_named(ByteSet& set) {
    const std::size_t end = text_.find(":]", at_ + 2);
    if (end == text_.npos) return GlobError{base_ + at_, "`[:` is never closed"};
    const std::string_view name = text_.substr(at_ + 2, end - at_ - 2);
    for (const NamedClass& known : kClasses) {
      if (known.name != name) continue;
      for (int byte = 0; byte < 128; ++byte) {
        if (known.holds(byte) != 0) set.set(static_cast<std::size_t>(byte));
      }
      at_ = end + 2;
      return std::nullopt;
    }
    return GlobError{base_ + at_, "there is no class " + quoted(name)};
  }

  std::optional<GlobError> add_range(ByteSet& set) {
    const std::size_t begin = at_;
    auto low = class_byte();
    if (!low) return std::move(low).error();
    char high = *low;
    // A `-` that stands last is the byte itself.
    if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
      ++at_;
      auto end = class_byte();
      if (!end) return std::move(end).error();
      high = *end;
    }
    if (high < *low) return GlobError{base_ + begin, "this range goes backwards"};
    for (char c = *low; c < high; ++c) set.set(index_of(c));
    set.set(index_of(high));
    return std::nullopt;
  }

  static constexpr const char* kOpen = "`[` is never closed; write `\\[` for the byte itself";
  std::string_view text_;
  std::size_t base_;
  std::size_t at_ = 0;
  NamePattern pattern_;
};

struct Piece {
  std::string_view text;
  std::size_t offset;
};

// Finds where the class that opens at `at` ends; npos if a `/` comes first or it never does.
std::expected<std::size_t, GlobError> skip_class(std::string_view text, std::size_t at) {
  std::size_t i = at + 1;
  if (i < text.size() && (text[i] == '!' || text[i] == '^')) ++i;
  for (bool first = true; i < text.size(); first = false) {
    if (text[i] == '/') return bad(i, "a class cannot hold `/`: it never matches one");
    if (text[i] == ']' && !first) return i + 1;
    const std::size_t named = text.substr(i).starts_with("[:") ? text.find(":]", i + 2) : text.npos;
    if (named != text.npos) {
      i = named + 2;
    } else {
      i += text[i] == '\\' && i + 1 < text.size() && text[i + 1] != '/' ? 2 : 1;
    }
  }
  return bad(at, "`[` is never closed; write `\\[` for the byte itself");
}

// Splits at each `/`. The first and the last piece may be empty.
std::expected<std::vector<Piece>, GlobError> split(std::string_view text) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '[') {
      auto end = skip_class(text, i);
      if (!end) return std::unexpected{std::move(end).error()};
      i = *end;
    } else if (text[i] == '/') {
      pieces.push_back({text.substr(begin, i - begin), begin});
      begin = ++i;
    } else {
      // An escaped `/` is a `/` like any other.
      i += text[i] == '\\' && i + 1 < text.size() && text[i + 1] != '/' ? 2 : 1;
    }
  }
  pieces.push_back({text.substr(begin), begin});
  return pieces;
}

bool is_globstar(std::string_view piece) noexcept {
  return piece.size() >= 2 && piece.find_first_not_of('*') == piece.npos;
}

NamePattern any_name() {
  NamePattern any;
  any.star_before.push_back(true);
  any.is_literal = false;
  return any;
}

std::expected<Glob, GlobError> join(const std::vector<Piece>& pieces, bool anchored) {
  Glob glob;
  bool globstar = !anchored;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    const bool last = i + 1 == pieces.size();
    if (is_globstar(piece.text)) {
      globstar = true;
      // At the end: what is inside, whatever its name, and with it all below.
      if (last) glob.components.push_back({any_name(), globstar && i == 0});
      continue;
    }
    if (piece.text.empty()) return bad(piece.offset, "nothing stands between two `/`");
    if (piece.text == "." || piece.text == "..") {
      return bad(piece.offset, "no name is ever `" + std::string{piece.text} +
                                   "`; patterns start at the mounted root");
    }
    auto name = NameParser{piece.text, piece.offset}.parse();
    if (!name) return std::unexpected{std::move(name).error()};
    glob.components.push_back({std::move(*name), std::exchange(globstar, false)});
  }
  if (glob.components.size() > kMaxGlobComponents) return bad(0, "more than 64 components");
  return glob;
}

}  // namespace

std::string NamePattern::key() const {
  if (is_literal) return "=" + literal;
  std::string key = "~";
  for (std::size_t i = 0; i < star_before.size(); ++i) {
    if (star_before[i]) key += '*';
    if (i < elements.size()) key += elements[i].to_string();
  }
  return key;
}

std::expected<Glob, GlobError> parse_glob(std::string_view text) {
  if (text.size() > kMaxGlobBytes) return bad(0, "the pattern is longer than 4096 bytes");
  if (text.find('\0') != text.npos) return bad(text.find('\0'), "no name has a NUL byte");
  auto pieces = split(text);
  if (!pieces) return std::unexpected{std::move(pieces).error()};
  bool directory_only = false;
  if (pieces->size() > 1 && pieces->back().text.empty()) {
    directory_only = true;
    pieces->pop_back();
  }
  const bool leading = pieces->size() > 1 && pieces->front().text.empty();
  if (leading) pieces->erase(pieces->begin());
  if (pieces->size() == 1 && pieces->front().text.empty()) {
    return bad(0, "the pattern names nothing; leave `path` out to mean everything");
  }
  auto glob = join(*pieces, leading || pieces->size() > 1);
  if (glob) glob->directory_only = directory_only;
  return glob;
}

}  // namespace sluice::policy
