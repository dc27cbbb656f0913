// SPDX-License-Identifier: MIT
#include "sluice/inspect/database.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include <climits>
#include <cstdlib>
#include <cstring>

namespace sluice::inspect {
namespace {

// What an expression's error says; frees it.
std::string words_of(hs_compile_error_t* error) {
  if (error == nullptr) return "no memory";
  std::string words = error->message != nullptr ? error->message : "it cannot be compiled";
  hs_free_compile_error(error);
  return words;
}

unsigned flags_of(const Expression& expression) noexcept {
  return expression.kind == Expression::Kind::word ? HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH : 0;
}

}  // namespace

void CloseDatabase::operator()(hs_database* database) const noexcept { hs_free_database(database); }
void CloseScratch::operator()(hs_scratch* scratch) const noexcept { hs_free_scratch(scratch); }

std::optional<std::uint64_t> widest_match(const std::string& regex) {
  // The engine takes C strings.
  if (regex.find('\0') != regex.npos) return std::nullopt;
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_expression_info(regex.c_str(), 0, &info, &error) != HS_SUCCESS) {
    if (error != nullptr) hs_free_compile_error(error);
    return std::nullopt;
  }
  const unsigned widest = info->max_width;
  std::free(info);
  return widest == UINT_MAX ? 0 : std::max<std::uint64_t>(widest, 1);
}

bool compiles_alone(const std::string& regex) {
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const auto result = hs_compile(regex.c_str(), 0, HS_MODE_BLOCK, nullptr, &database, &error);
  if (error != nullptr) hs_free_compile_error(error);
  if (result != HS_SUCCESS) return false;
  hs_free_database(database);
  return true;
}

Result<Database, Error> compile_database(const std::vector<Expression>& expressions) {
  if (expressions.empty()) return Database{};
  std::vector<const char*> texts;
  std::vector<unsigned> flags, ids;
  for (const Expression& expression : expressions) {
    texts.push_back(expression.regex.c_str());
    flags.push_back(flags_of(expression));
    ids.push_back(expression.id);
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    return fail(
        Error{fmt::format("the regexes cannot be compiled together: {}", words_of(error)), EINVAL});
  }
  return Database{database};
}

std::vector<std::byte> save_database(const Database& database) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (database == nullptr || hs_serialize_database(database.get(), &bytes, &size) != HS_SUCCESS)
    return {};
  std::vector<std::byte> saved(size);
  std::memcpy(saved.data(), bytes, size);
  std::free(bytes);
  return saved;
}

Database restore_database(Bytes saved) noexcept {
  hs_database_t* database = nullptr;
  const auto* bytes = reinterpret_cast<const char*>(saved.data());
  if (saved.empty() || hs_deserialize_database(bytes, saved.size(), &database) != HS_SUCCESS)
    return {};
  Database owned{database};
  // It may be of a processor with more instructions; that shows only here.
  return make_scratch(owned) != nullptr ? std::move(owned) : Database{};
}

std::string engine_version() { return fmt::format("vectorscan {}", hs_version()); }

Scratch make_scratch(const Database& database) noexcept {
  hs_scratch_t* scratch = nullptr;
  if (database == nullptr || hs_alloc_scratch(database.get(), &scratch) != HS_SUCCESS) return {};
  return Scratch{scratch};
}

std::string quoted_word(const std::string& word) {
  std::string quoted;
  for (const char c : word) quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return quoted;
}

}  // namespace sluice::inspect
