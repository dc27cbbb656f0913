// SPDX-License-Identifier: MIT
// The members of one TOML table, read by name: whatever is wrong with one is told once, with its
// place, and reading goes on.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/policy/diagnostic.h"
#include "sluice/policy/verdict.h"
#include "sluice/toml/toml.h"

namespace sluice::policy {

// The file that is being read, and what was found wrong in it.
struct Reading {
  std::string file;
  std::uint32_t index = 0;  // in Document::files
  Diagnostics& wrong;

  void error(toml_text::Position at, std::string text) const;
  Location location(toml_text::Position at) const noexcept { return {index, at.line, at.column}; }
};

struct Text {
  std::string text;
  toml_text::Position at;
};

class Fields {
 public:
  // Tells of members that are not among `known`. what  the table's name in messages.
  Fields(const Reading& reading, const toml_text::Value& table, std::string_view what,
         std::span<const std::string_view> known);

  toml_text::Position at() const noexcept { return table_.at; }
  // Gives a member of any type; null if there is none.
  const toml_text::Member* get(std::string_view key) const noexcept;
  bool has(std::string_view key) const noexcept { return get(key) != nullptr; }

  // Each gives nothing where there is no such member, or, having told, where it is of another type.
  std::optional<Text> text(std::string_view key) const;
  std::optional<std::vector<Text>> texts(std::string_view key) const;  // a string or several
  const toml_text::Value* table(std::string_view key) const;
  // The members of an array of tables, or a table alone.
  std::vector<const toml_text::Value*> tables(std::string_view key) const;
  // A whole number from 0 to 4294967294, or several: what uids and gids are.
  std::vector<std::uint32_t> ids(std::string_view key) const;

  // Tells that the member is of the wrong type.
  void wrong_type(const toml_text::Member& member, std::string_view wanted) const;

  const Reading& reading() const noexcept { return reading_; }

 private:
  const Reading& reading_;
  const toml_text::Value& table_;
  std::string what_;
};

// Gives the strings of a list, or of a string alone; tells of others and gives what is right.
std::optional<std::vector<Text>> texts_of(const Reading& reading, const toml_text::Member& member);

// Reads `verdict`, `see`, `read`, `write` and `log` into values for all modes; tells of words that
// are none, and of axes given twice.
Values read_values(const Fields& fields);
// Gives what a named verdict stands for, telling of a word that is none.
std::optional<Values> read_verdict(const Reading& reading, const Text& word);
// Gives the strictness that a word has on an axis, telling of a word that is none.
std::optional<std::uint8_t> read_word(const Reading& reading, Axis axis, const Text& word);

// Adds to values that redact what follows from that: how much, where it is not said, and that what
// is redacted cannot be written to. Others stay as they are.
void imply_redaction(Values& values, With with) noexcept;

// The modes of a rule: bit n for Mode n.
using Modes = unsigned;
inline constexpr Modes kAllModes = 7;
Modes read_modes(const Fields& fields);
// Leaves out what is not said of these modes; `see` does not depend on mode and is left out too.
Values limited_to(const Values& values, Modes modes) noexcept;

}  // namespace sluice::policy
