// SPDX-License-Identifier: MIT
// Private to content: one connection to the file of verdicts. Trusts nothing in it further than a
// row whose checksum fits.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/content/findings.h"
#include "sluice/content/verdict_cache.h"

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
  // What it is for: who asks waits for less than who writes in the background.
  enum class Use { asking, writing };
  using Limits = VerdictCache::Limits;
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
                                                                     Make make, Use use,
                                                                     const Limits& limits);
  ~CacheDatabase();
  CacheDatabase(const CacheDatabase&) = delete;
  CacheDatabase& operator=(const CacheDatabase&) = delete;

  std::optional<Found> get(Bytes key);
  // Writes all rows or none; beyond the limits those go that were not used for longest.
  bool write(const std::vector<Row>& rows);
  // Tells whether something went wrong because of what is in the file.
  bool is_damaged() const noexcept { return damaged_; }

 private:
  explicit CacheDatabase(const Limits& limits) noexcept : limits_{limits} {}
  std::optional<Failure> set_up(Make make);
  bool settings(Use use);
  void begin_step() noexcept;
  bool note_failure() noexcept;
  bool make_tables();
  Failure failure() const;
  bool run(const char* text);
  std::optional<std::string> text(const char* query);
  bool prepare(sqlite3_stmt*& statement, const char* text);
  bool write(const Row& row);
  bool write_once(const std::vector<Row>& rows, bool& is_full);
  bool write_all(const std::vector<Row>& rows);
  void prune();
  bool make_room(const std::vector<Row>& wanted);
  bool drop_oldest(std::int64_t rows);
  std::optional<std::int64_t> number(const char* query);

  const Limits limits_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt *get_ = nullptr, *put_ = nullptr, *touch_ = nullptr, *drop_ = nullptr;
  bool damaged_ = false;
  std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::time_point::max();
  // Rows put since they were counted; at first nobody knows how many there are.
  std::uint64_t since_count_ = UINT64_MAX / 2;
};

// What shows that a value stands under its key as it was put there: 16 bytes.
std::vector<std::byte> checksum(Bytes key, Bytes value);
// Gives what a row says; nothing where the checksum does not fit, or where it is not findings of a
// file that was looked at wholly.
std::optional<Findings> findings_in(Bytes key, Bytes value, Bytes sum);

}  // namespace sluice::content
