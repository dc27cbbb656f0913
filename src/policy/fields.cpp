// SPDX-License-Identifier: MIT
#include "sluice/policy/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/policy/words.h"

namespace sluice::policy {

using toml_text::Member;
using toml_text::Type;
using toml_text::Value;

namespace {

constexpr std::size_t kMostDiagnostics = 100;

}  // namespace

void Reading::error(toml_text::Position at, std::string text) const {
  if (wrong.size() > kMostDiagnostics) return;
  if (wrong.size() == kMostDiagnostics) text = "and more; these are the first hundred";
  wrong.push_back({Severity::error, file, at.line, at.column, std::move(text)});
}

Fields::Fields(const Reading& reading, const Value& table, std::string_view what,
               std::span<const std::string_view> known)
    : reading_{reading}, table_{table}, what_{what} {
  for (const Member& member : table.members) {
    if (std::ranges::find(known, std::string_view{member.key}) != known.end()) continue;
    reading.error(member.at, fmt::format("unknown key {} in {}{}", quoted(member.key), what_,
                                         suggestion(member.key, known)));
  }
}

const Member* Fields::get(std::string_view key) const noexcept {
  const auto found = std::ranges::find(table_.members, key, &Member::key);
  return found == table_.members.end() ? nullptr : &*found;
}

void Fields::wrong_type(const Member& member, std::string_view wanted) const {
  reading_.error(member.value.at, fmt::format("`{}` must be {}, not {}", member.key, wanted,
                                              toml_text::name(member.value.type)));
}

std::optional<Text> Fields::text(std::string_view key) const {
  const Member* member = get(key);
  if (member == nullptr) return std::nullopt;
  if (member->value.type == Type::string) return Text{member->value.text, member->value.at};
  wrong_type(*member, "a string");
  return std::nullopt;
}

std::optional<std::vector<Text>> texts_of(const Reading& reading, const Member& member) {
  const Value& value = member.value;
  if (value.type == Type::string) return std::vector{Text{value.text, value.at}};
  const auto refuse = [&](const Value& wrong) {
    reading.error(wrong.at, fmt::format("{} must be a string or a list of strings, not {}",
                                        quoted(member.key), toml_text::name(wrong.type)));
  };
  if (value.type != Type::array) {
    refuse(value);
    return std::nullopt;
  }
  std::vector<Text> texts;
  for (const Value& element : value.elements) {
    if (element.type == Type::string) {
      texts.push_back({element.text, element.at});
    } else {
      refuse(element);
    }
  }
  return texts;
}

std::optional<std::vector<Text>> Fields::texts(std::string_view key) const {
  const Member* member = get(key);
  if (member == nullptr) return std::nullopt;
  return texts_of(reading_, *member);
}

const Value* Fields::table(std::string_view key) const {
  const Member* member = get(key);
  if (member == nullptr) return nullptr;
  if (member->value.type == Type::table) return &member->value;
  wrong_type(*member, "a table");
  return nullptr;
}

std::vector<const Value*> Fields::tables(std::string_view key) const {
  std::vector<const Value*> tables;
  const Member* member = get(key);
  if (member == nullptr) return tables;
  if (member->value.type == Type::table) return {&member->value};
  const auto& elements = member->value.elements;
  const auto is_table = [](const Value& each) { return each.type == Type::table; };
  if (member->value.type != Type::array || !std::ranges::all_of(elements, is_table)) {
    reading_.error(member->value.at,
                   fmt::format("`{0}` must be tables, each begun by [[{0}]]", key));
    return tables;
  }
  for (const Value& element : elements) tables.push_back(&element);
  return tables;
}

std::vector<std::uint32_t> Fields::ids(std::string_view key) const {
  std::vector<std::uint32_t> ids;
  const Member* member = get(key);
  if (member == nullptr) return ids;
  const auto take = [&](const Value& value) {
    // The kernel keeps the largest for "no id".
    const bool good =
        value.type == Type::integer && value.integer >= 0 && value.integer < 0xffffffff;
    if (good) {
      ids.push_back(static_cast<std::uint32_t>(value.integer));
    } else {
      reading_.error(value.at, fmt::format("`{}` must be a number from 0 to 4294967294", key));
    }
  };
  if (member->value.type == Type::array) {
    std::ranges::for_each(member->value.elements, take);
  } else {
    take(member->value);
  }
  return ids;
}

}  // namespace sluice::policy
