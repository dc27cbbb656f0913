// SPDX-License-Identifier: MIT
// Private to content: one connection to the file of verdicts. Trusts nothing in it further than a
// row whose checksum fits.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/content/findings.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::content {

// Used by one thread at a time.
class CacheDatabase {
 public:
  enum class Failure {
    empty,      // there is nothing in it yet; see Make
    not_ours,   // it is something else, of another version, or damaged
    not_to_be,  // others are at it, there is no room, or it cannot be opened: later perhaps
  };
  // Whether an empty file is made a cache.
  enum class Make { no, yes };
  struct Row {
    std::vector<std::byte> key;
    std::vector<std::byte> value;  // empty: it was only used
  };
  struct Found {
    Findings findings;
    bool is_old = false;  // was not noted to be used today
  };

  // file  exists; without symbolic links in its path
  static std::expected<std::unique_ptr<CacheDatabase>, Failure> open(const std::string& file,
                                                                     Make make);
  ~CacheDatabase();
  CacheDatabase(const CacheDatabase&) = delete;
  CacheDatabase& operator=(const CacheDatabase&) = delete;

  std::optional<Found> get(Bytes key);
  // Writes all rows or none; of more than `most_rows` those go that were not used for longest.
  bool write(const std::vector<Row>& rows, std::size_t most_rows);
  // Tells whether something went wrong because of what is in the file.
  bool is_damaged() const noexcept { return damaged_; }

 private:
  CacheDatabase() = default;
  std::optional<Failure> set_up(Make make);
  bool make_tables();
  Failure failure() const;
  bool run(const char* text);
  std::optional<std::string> text(const char* query);
  bool prepare(sqlite3_stmt*& statement, const char* text);
  bool write(const Row& row);
  bool prune(std::size_t most_rows);

  sqlite3* db_ = nullptr;
  sqlite3_stmt *get_ = nullptr, *put_ = nullptr, *touch_ = nullptr, *count_ = nullptr,
               *prune_ = nullptr;
  bool damaged_ = false;
  // Rows put since they were counted; at first nobody knows how many there are.
  std::uint64_t since_count_ = UINT64_MAX / 2;
};

}  // namespace sluice::content
