// SPDX-License-Identifier: MIT
// TOML as a tree of our own, with the position of each key and value.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::toml_text {

struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

enum class Type : std::uint8_t { table, array, string, integer, real, boolean, other };
// Gives "a table", "a string" and so on.
std::string_view name(Type type) noexcept;

struct Member;
struct Value {
  Type type = Type::other;
  Position at;
  std::string text;  // of a string
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<Value> elements;  // of an array
  std::vector<Member> members;  // of a table, in the order of the text
};
struct Member {
  std::string key;
  Position at;
  Value value;
};

struct Failure {
  Position at;
  std::string text;
};

// Gives the root table. Text that is not TOML, or nested so deeply that reading it could exhaust
// the stack, is a Failure.
std::expected<Value, Failure> parse(std::string_view text);

}  // namespace sluice::toml_text
