// SPDX-License-Identifier: MIT
// The only file that sees toml++, which is large.
#include "sluice/policy/toml.h"

namespace {
// What toml++ takes for granted does not hold of every text (`[[[` is one); it must then neither
// stop the process nor go on, so its assertions are on in every build and throw.
struct BrokenPromise {};
[[noreturn]] void broken() { throw BrokenPromise{}; }
}  // namespace
#undef NDEBUG
#define TOML_ASSERT(expression) (static_cast<bool>(expression) ? void(0) : broken())
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

namespace sluice::policy::toml_text {
namespace {

// toml++ bounds nested values, but not how many tables one dotted key may open inside each other.
constexpr std::size_t kMostDots = 16;

Position position(const toml::source_region& region) noexcept {
  return {region.begin.line, region.begin.column};
}

// Follows strings and comments through the text and looks at what is neither: for keys with too many
// dots, and for characters beyond ASCII, which TOML has no place for there and which toml++ cannot
// tell from blanks without relying on what does not hold.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_{text} {}

  // Gives the first thing that toml++ must not see; nothing if there is none.
  std::optional<Failure> find() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) >= 0x80) {
        return Failure{{line_, 0}, "not TOML: a character beyond ASCII outside of strings and comments"};
      }
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        if (c == '.' && ++dots_ > kMostDots) return Failure{{line_, 0}, "a key with more than 16 dots"};
        if (c == '\n' || c == '=' || c == ',' || c == '{' || c == '[') dots_ = 0;
        if (c == '\n') ++line_;
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool lines = text_.substr(at_).starts_with(three);
    at_ += lines ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        if (!lines) return;  // not TOML; the parser says so
        ++line_;
      }
      if (c == '\\' && quote == '"') {
        at_ += at_ + 1 < text_.size() && text_[at_ + 1] != '\n' ? 2 : 1;
      } else if (c == quote && (!lines || text_.substr(at_).starts_with(three))) {
        at_ += lines ? 3 : 1;
        // Up to two more quotes may belong to the string's end.
        while (lines && at_ < text_.size() && text_[at_] == quote) ++at_;
        return;
      } else {
        ++at_;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t dots_ = 0;
  std::uint32_t line_ = 1;
};

Value convert(const toml::node& node);

void convert_into(const toml::table& table, Value& value) {
  value.type = Type::table;
  for (const auto& [key, child] : table) {
    value.members.push_back({std::string{key.str()}, position(key.source()), convert(child)});
  }
  // toml++ sorts by key; people read from the top.
  std::ranges::sort(value.members, {}, [](const Member& member) {
    return std::pair{member.at.line, member.at.column};
  });
}

Value convert(const toml::node& node) {
  Value value;
  value.at = position(node.source());
  if (const auto* table = node.as_table()) {
    convert_into(*table, value);
  } else if (const auto* array = node.as_array()) {
    value.type = Type::array;
    for (const toml::node& element : *array) value.elements.push_back(convert(element));
  } else if (const auto* text = node.as_string()) {
    value.type = Type::string;
    value.text = text->get();
  } else if (const auto* number = node.as_integer()) {
    value.type = Type::integer;
    value.integer = number->get();
  } else if (const auto* flag = node.as_boolean()) {
    value.type = Type::boolean;
    value.boolean = flag->get();
  }
  return value;
}

// Parses text whose keys are not too deep.
std::expected<Value, Failure> parse_flat(std::string_view text) {
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    const toml::parse_error& error = result.error();
    std::string said{error.description()};
    // Only the first line, and only as much as can be shown.
    said = said.substr(0, std::min<std::size_t>(said.find('\n'), 200));
    return std::unexpected{Failure{position(error.source()), "not TOML: " + said}};
  }
  return convert(result.table());
}

// Gives the first line that begins like a table's header and has no name after the brackets.
Position find_bad_header(std::string_view text) {
  for (std::uint32_t line = 1; !text.empty(); ++line) {
    const std::string_view all = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(all.size() + 1, text.size()));
    const std::size_t open = all.find_first_not_of(" \t");
    if (open == all.npos || all[open] != '[') continue;
    const std::size_t after = all.substr(open).starts_with("[[") ? open + 2 : open + 1;
    const std::size_t key = all.find_first_not_of(" \t", after);
    if (key == all.npos) continue;
    const auto c = static_cast<unsigned char>(all[key]);
    const bool good = std::isalnum(c) != 0 || std::string_view{"_-\"'"}.find(all[key]) != all.npos;
    if (!good) return {line, static_cast<std::uint32_t>(key + 1)};
  }
  return {};
}

}  // namespace

std::string_view name(Type type) noexcept {
  switch (type) {
    case Type::table:
      return "a table";
    case Type::array:
      return "a list";
    case Type::string:
      return "a string";
    case Type::integer:
      return "a number";
    case Type::boolean:
      return "true or false";
    case Type::other:
      break;
  }
  return "a value of this kind";
}

std::expected<Value, Failure> parse(std::string_view text) {
  if (auto failure = Scanner{text}.find()) return std::unexpected{std::move(*failure)};
  try {
    return parse_flat(text);
  } catch (const BrokenPromise&) {
    return std::unexpected{Failure{find_bad_header(text), "not TOML: a table's name is malformed"}};
  }
}

}  // namespace sluice::policy::toml_text
