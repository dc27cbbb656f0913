// SPDX-License-Identifier: MIT
#include "sluice/inspect/pattern.h"

#include <re2/filtered_re2.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <new>

namespace sluice::inspect {
namespace {

// The first is enough for nearly all; the second for the few that are large.
constexpr std::int64_t kMemory = std::int64_t{8} << 20;
constexpr std::int64_t kMoreMemory = std::int64_t{64} << 20;
constexpr std::size_t kLongestRegex = std::size_t{1} << 20;

bool is_hex(char c) noexcept { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

// Tells whether the escape at `at` (a backslash) means something beyond ASCII.
bool is_rune_escape(std::string_view regex, std::size_t at) noexcept {
  const std::string_view rest = regex.substr(at + 1);
  if (rest.empty()) return false;
  if (rest[0] == 'p' || rest[0] == 'P') return true;
  if (rest[0] != 'x' || rest.size() < 3) return false;
  if (rest[1] != '{') return is_hex(rest[1]) && rest[1] >= '8';
  const std::string_view digits = rest.substr(2, rest.find('}') - 2);
  const auto first = digits.find_first_not_of('0');
  if (first == digits.npos) return false;
  return digits.size() - first > 2 || (digits.size() - first == 2 && digits[first] >= '8');
}

// Gives where the class that begins at `at` ends: behind its bracket.
std::size_t end_of_class(std::string_view regex, std::size_t at) noexcept {
  std::size_t i = at + 1;
  if (i < regex.size() && regex[i] == '^') ++i;
  if (i < regex.size() && regex[i] == ']') ++i;
  for (; i < regex.size(); ++i) {
    if (regex[i] == '\\') {
      ++i;
    } else if (regex[i] == '[' && regex.substr(i).starts_with("[:")) {
      const auto close = regex.find(":]", i + 2);
      if (close != regex.npos) i = close + 1;
    } else if (regex[i] == ']') {
      return i + 1;
    }
  }
  return regex.size();
}

// Gives where the flags at the beginning, `(?i)`, end; 0 if there are none.
std::size_t end_of_flags(std::string_view regex) noexcept {
  if (!regex.starts_with("(?")) return 0;
  const auto close = regex.find_first_not_of("ims-", 2);
  return close != regex.npos && regex[close] == ')' ? close + 1 : 0;
}

re2::RE2::Options options(bool runes, std::int64_t memory) {
  re2::RE2::Options options;
  options.set_encoding(runes ? re2::RE2::Options::EncodingUTF8 : re2::RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(memory);
  return options;
}

std::unique_ptr<const re2::RE2> compile(const std::string& text, bool runes) {
  auto compiled = std::make_unique<const re2::RE2>(text, options(runes, kMemory));
  if (!compiled->ok() && compiled->error_code() == re2::RE2::ErrorPatternTooLarge)
    compiled = std::make_unique<const re2::RE2>(text, options(runes, kMoreMemory));
  return compiled;
}

}  // namespace

bool is_about_runes(std::string_view regex) noexcept {
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (static_cast<unsigned char>(regex[i]) >= 0x80) return true;
    if (regex[i] != '\\') continue;
    if (is_rune_escape(regex, i)) return true;
    ++i;
  }
  return false;
}

std::string with_old_names(std::string_view regex) {
  std::string out;
  for (std::size_t i = 0; i < regex.size();) {
    std::size_t end = i + 1;
    if (regex.substr(i).starts_with("\\Q")) {
      const auto close = regex.find("\\E", i);
      end = close == regex.npos ? regex.size() : close + 2;
    } else if (regex[i] == '\\') {
      end = std::min(i + 2, regex.size());
    } else if (regex[i] == '[') {
      end = end_of_class(regex, i);
    } else if (regex.substr(i).starts_with("(?<")) {
      out += "(?P<";
      i += 3;
      continue;
    }
    out += regex.substr(i, end - i);
    i = end;
  }
  return out;
}

std::string without_optional_head(std::string_view regex) {
  const std::size_t flags = end_of_flags(regex);
  if (flags >= regex.size() || regex[flags] != '[') return std::string{regex};
  std::size_t at = end_of_class(regex, flags);
  if (!regex.substr(at).starts_with("{0,")) return std::string{regex};
  at = regex.find_first_not_of("0123456789", at + 3);
  if (at == regex.npos || regex[at] != '}') return std::string{regex};
  ++at;
  if (at < regex.size() && regex[at] == '?') ++at;
  // A repeat of a repeat, or nothing behind it: leave it be.
  if (at >= regex.size() || std::string_view{"*+?{|"}.find(regex[at]) != std::string_view::npos) {
    return std::string{regex};
  }
  return std::string{regex.substr(0, flags)} + std::string{regex.substr(at)};
}

bool has_words(std::string_view regex) {
  constexpr int kShortestWord = 2;
  re2::FilteredRE2 filter{kShortestWord};
  int id = 0;
  if (filter.Add(piece_of(regex), options(false, kMemory), &id) != re2::RE2::NoError) return false;
  std::vector<std::string> words;
  filter.Compile(&words);
  // Without words it says so by itself, on standard error.
  if (words.empty()) return false;
  std::vector<int> possible;
  filter.AllPotentials({}, &possible);
  return possible.empty();
}

struct Regex::State {
  std::string text;
  bool runes = false;
  mutable std::once_flag once;
  mutable std::unique_ptr<const re2::RE2> compiled;
};

Regex::Regex() noexcept = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Regex::Regex(std::string text, bool runes) : state_{std::make_unique<State>()} {
  state_->text = std::move(text);
  state_->runes = runes;
}

Regex::Regex(std::unique_ptr<const re2::RE2> compiled) : state_{std::make_unique<State>()} {
  std::call_once(state_->once, [&] { state_->compiled = std::move(compiled); });
}

const re2::RE2* Regex::operator->() const {
  std::call_once(state_->once, [this] {
    auto compiled = compile(state_->text, state_->runes);
    if (!compiled->ok()) throw std::bad_alloc{};
    state_->compiled = std::move(compiled);
  });
  return state_->compiled.get();
}

Result<Regex, Error> compile_regex(std::string_view regex, When when) {
  if (regex.size() > kLongestRegex) return fail(Error{"the regex is longer than 1 MiB", EINVAL});
  std::string text = with_old_names(regex);
  const bool runes = is_about_runes(text);
  if (when == When::later) return Regex{std::move(text), runes};
  auto compiled = compile(text, runes);
  if (!compiled->ok()) return fail(Error{compiled->error(), EINVAL});
  return Regex{std::move(compiled)};
}

Result<Regex, Error> compile_any(const std::vector<std::string>& regexes, When when) {
  if (regexes.empty()) return Regex{};
  std::string all;
  for (const std::string& regex : regexes) {
    // Each by itself, too: `a)(b` would be legal only in company.
    if (auto alone = compile_regex(regex, when); !alone) return fail(alone.error());
    all += all.empty() ? "(?:" : "|(?:";
    all += regex;
    all += ')';
  }
  return compile_regex(all, when);
}

Result<Regex, Error> compile_words(const std::vector<std::string>& words, When when) {
  if (words.empty()) return Regex{};
  std::string all;
  for (const std::string& word : words) {
    all += all.empty() ? "(?i:" : "|";
    all += re2::RE2::QuoteMeta(piece_of(word));
  }
  all += ')';
  constexpr bool kBytes = false;
  if (when == When::later) return Regex{std::move(all), kBytes};
  auto compiled = compile(all, kBytes);
  if (!compiled->ok()) return fail(Error{compiled->error(), EINVAL});
  return Regex{std::move(compiled)};
}

bool matches(const Regex& regex, std::string_view text) {
  return regex != nullptr &&
         regex->Match(piece_of(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

}  // namespace sluice::inspect
