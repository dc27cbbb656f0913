// SPDX-License-Identifier: MIT
#include "sluice/inspect/values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <new>
#include <string>

#include "sluice/inspect/values_text.h"

namespace sluice::inspect {
namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Anything with a zero in it is no text in one of these formats, as they are read here.
bool is_plain(std::string_view text) noexcept { return text.find('\0') == text.npos; }

bool is_line_end(char c) noexcept { return c == '\n' || c == '\r'; }

bool is_key_char(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

Redacted put(std::string_view text, const Marks& marks, Redaction& out) {
  for (const Marks::Mark& mark : marks.all()) {
    // A mark may span lines; their ends stay, and what they are indented by.
    for (std::size_t at = mark.begin; at < mark.end;) {
      std::size_t end = at;
      while (end < mark.end && !is_line_end(text[end])) ++end;
      if (out.add({at, end - at}, mark.fill) != Added::yes) return Redacted::full;
      at = end;
      while (at < mark.end && (is_line_end(text[at]) || is_blank(text[at]))) ++at;
    }
  }
  return Redacted::yes;
}

void hide_all(std::string_view text, Format format, Marks& marks) {
  switch (format) {
    case Format::dotenv: return hide_lines(text, false, false, marks);
    case Format::ini: return hide_lines(text, false, true, marks);
    case Format::properties: return hide_lines(text, true, false, marks);
    case Format::yaml: return hide_yaml(text, marks);
    case Format::json: return hide_json(text, marks);
    case Format::toml: return hide_toml(text, marks);
  }
}

}  // namespace

void Marks::add(std::size_t begin, std::size_t end, std::byte fill) {
  end = std::min(end, text_.size());
  while (begin < end && (is_blank(text_[begin]) || is_line_end(text_[begin]))) ++begin;
  while (end > begin && (is_blank(text_[end - 1]) || is_line_end(text_[end - 1]))) --end;
  if (begin < end) marks_.push_back({begin, end, fill});
}

TextLine line_at(std::string_view text, std::size_t at) noexcept {
  const std::size_t newline = text.find('\n', at);
  TextLine line{at, std::min(newline, text.size()),
                newline == text.npos ? text.size() : newline + 1};
  if (line.end > line.begin && text[line.end - 1] == '\r') --line.end;
  return line;
}

std::size_t skip_blanks(std::string_view text, std::size_t at, std::size_t end) noexcept {
  while (at < end && is_blank(text[at])) ++at;
  return at;
}

std::size_t closing_quote(std::string_view text, std::size_t at, Escape escape) noexcept {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (escape == Escape::backslash && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (escape != Escape::doubled || i + 1 >= text.size() || text[i + 1] != quote) return i;
      ++i;
    }
  }
  return text.npos;
}

void hide_in_comment(std::string_view text, std::size_t begin, std::size_t end, Marks& marks) {
  std::size_t at = begin;
  while (at < end &&
         (is_blank(text[at]) || std::string_view{"#;!/"}.find(text[at]) != std::string_view::npos))
    ++at;
  if (text.substr(at, end - at).starts_with("export ")) at = skip_blanks(text, at + 7, end);
  // A key may be quoted; then comes what separates, and something behind it.
  while (at < end && (is_key_char(text[at]) || text[at] == '"' || text[at] == '\'')) ++at;
  at = skip_blanks(text, at, end);
  if (at < end && (text[at] == '=' || text[at] == ':')) {
    marks.hide(at + 1, end);
  } else if (at < end && text.substr(at, end - at).find('=') != std::string_view::npos) {
    // Some words, then an assignment: `# was: KEY=x`, `# set KEY=x`.
    marks.hide(at + text.substr(at, end - at).find('=') + 1, end);
  }
}

std::string_view name(Format format) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"dotenv", "ini",  "properties",
                                                   "yaml",   "json", "toml"};
  const auto index = static_cast<std::size_t>(format);
  return index < kNames.size() ? kNames[index] : "dotenv";
}

Format format_of(std::string_view path) noexcept try {
  const auto slash = path.rfind('/');
  const std::string file = lower(slash == path.npos ? path : path.substr(slash + 1));
  const auto ends = [&file](std::initializer_list<std::string_view> endings) {
    return std::ranges::any_of(endings,
                               [&](std::string_view ending) { return file.ends_with(ending); });
  };
  if (ends({".yaml", ".yml"}) || file == ".clang-format") return Format::yaml;
  if (ends({".json", ".jsonc", ".json5", ".ipynb", ".geojson", ".webmanifest", ".tfstate"}))
    return Format::json;
  if (ends({".toml"}) || file == "cargo.lock" || file == "poetry.lock") return Format::toml;
  if (ends({".properties"})) return Format::properties;
  if (ends({".ini", ".cfg", ".conf", ".cnf", ".editorconfig", ".gitconfig", ".npmrc", ".pypirc"}) ||
      file == "config" || file == "credentials") {
    return Format::ini;
  }
  return Format::dotenv;
} catch (const std::bad_alloc&) {
  return Format::dotenv;
}

Redacted redact_values(Bytes bytes, Format format, Budget& budget, Redaction& out) noexcept try {
  const std::string_view text = text_of(bytes);
  if (!budget.take_steps(text.size())) return Redacted::exhausted;
  Marks marks{text};
  if (is_plain(text)) {
    hide_all(text, format, marks);
  } else {
    marks.hide(0, text.size());
  }
  return put(text, marks, out);
} catch (const std::bad_alloc&) {
  return Redacted::full;
}

}  // namespace sluice::inspect
