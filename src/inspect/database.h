// SPDX-License-Identifier: MIT
// Vectorscan as this room uses it: many regexes in one database, which tells where matches of each
// may end. The only file that sees its header, beside the one that scans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"

struct hs_database;
struct hs_scratch;

namespace sluice::inspect {

struct CloseDatabase {
  void operator()(hs_database* database) const noexcept;
};
struct CloseScratch {
  void operator()(hs_scratch* scratch) const noexcept;
};
using Database = std::unique_ptr<hs_database, CloseDatabase>;
using Scratch = std::unique_ptr<hs_scratch, CloseScratch>;

struct Expression {
  std::string regex;
  std::uint32_t id = 0;                                               // several may have the same
  enum class Kind : std::uint8_t { regex, word } kind = Kind::regex;  // a word is caseless
};

// Tells whether the engine understands the regex; then also how long its longest match is, in bytes
// (0: there is none). It may still be too large to be compiled.
std::optional<std::uint64_t> widest_match(const std::string& regex);
bool compiles_alone(const std::string& regex);

// Compiles all of them; null if there are none. errors  the engine's words.
Result<Database, Error> compile_database(const std::vector<Expression>& expressions);

std::vector<std::byte> save_database(const Database& database);
// Gives null where the bytes do not fit this version of the engine or this processor.
Database restore_database(Bytes saved) noexcept;

// Gives the engine's name and version.
std::string engine_version();

// Gives working memory for scans by one thread at a time; null if there is none to be had.
Scratch make_scratch(const Database& database) noexcept;

// Gives a regex that matches exactly `word`.
std::string quoted_word(const std::string& word);

}  // namespace sluice::inspect
