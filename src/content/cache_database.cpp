// SPDX-License-Identifier: MIT
#include "sluice/content/cache_database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>

#include "sluice/policy/digest.h"

namespace sluice::content {
namespace {

constexpr std::string_view kApplication = "1399616867";  // "Sluc"
constexpr std::string_view kSchema = "1";
constexpr const char* kTable =
    "CREATE TABLE verdicts(key BLOB PRIMARY KEY, value BLOB NOT NULL, sum BLOB NOT NULL,"
    " used INTEGER NOT NULL) WITHOUT ROWID";
constexpr int kPatience = 100;  // milliseconds, for another process that writes
constexpr int kLongest = 4 << 20;
constexpr std::size_t kCheckBytes = 16;

std::int64_t today() {
  using namespace std::chrono;
  return duration_cast<days>(system_clock::now().time_since_epoch()).count();
}

std::vector<std::byte> checksum(Bytes key, Bytes value) {
  std::vector<std::byte> all(key.begin(), key.end());
  all.insert(all.end(), value.begin(), value.end());
  const policy::Digest digest = policy::digest_of(all);
  return {digest.begin(), digest.begin() + kCheckBytes};
}

void bind(sqlite3_stmt* statement, int index, Bytes bytes) {
  ::sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

Bytes blob(sqlite3_stmt* statement, int column) {
  const auto* data = static_cast<const std::byte*>(::sqlite3_column_blob(statement, column));
  const int size = ::sqlite3_column_bytes(statement, column);
  return data == nullptr ? Bytes{} : Bytes{data, static_cast<std::size_t>(std::max(size, 0))};
}

// A statement that is left in the midst of its rows keeps the file's journal from being emptied.
struct Reset {
  sqlite3_stmt* statement;
  ~Reset() { ::sqlite3_reset(statement); }
};

bool done(sqlite3_stmt* statement) {
  const bool good = ::sqlite3_step(statement) == SQLITE_DONE;
  ::sqlite3_reset(statement);
  return good;
}

}  // namespace

CacheDatabase::~CacheDatabase() {
  for (sqlite3_stmt* each : {get_, put_, touch_, count_, prune_}) ::sqlite3_finalize(each);
  ::sqlite3_close(db_);
}

std::expected<std::unique_ptr<CacheDatabase>, CacheDatabase::Failure> CacheDatabase::open(
    const std::string& file, Make make) {
  std::unique_ptr<CacheDatabase> database{new CacheDatabase};
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  if (::sqlite3_open_v2(file.c_str(), &database->db_, kFlags, nullptr) != SQLITE_OK) {
    return std::unexpected{database->failure()};
  }
  ::sqlite3_busy_timeout(database->db_, kPatience);
  ::sqlite3_db_config(database->db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_db_config(database->db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  ::sqlite3_limit(database->db_, SQLITE_LIMIT_LENGTH, kLongest);
  if (const auto failure = database->set_up(make)) return std::unexpected{*failure};
  return database;
}

// Writes only into a file that is empty: what others write to need not be waited for.
std::optional<CacheDatabase::Failure> CacheDatabase::set_up(Make make) {
  if (!run("PRAGMA cell_size_check=ON; PRAGMA synchronous=OFF")) return failure();
  const auto application = text("PRAGMA application_id");
  const auto schema = text("PRAGMA user_version");
  const auto tables = text("SELECT coalesce(group_concat(sql), '') FROM sqlite_master");
  if (!application || !schema || !tables) return failure();
  if (application == "0" && schema == "0" && tables->empty()) {
    if (make == Make::no) return Failure::empty;
    if (!make_tables()) return failure();
  } else if (application != kApplication || schema != kSchema || tables != kTable) {
    return Failure::not_ours;
  }
  const bool good = prepare(get_, "SELECT value, sum, used FROM verdicts WHERE key=?") &&
                    prepare(put_, "INSERT OR REPLACE INTO verdicts VALUES(?,?,?,?)") &&
                    prepare(touch_, "UPDATE verdicts SET used=? WHERE key=?") &&
                    prepare(count_, "SELECT count(*) FROM verdicts") &&
                    prepare(prune_,
                            "DELETE FROM verdicts WHERE key IN"
                            " (SELECT key FROM verdicts ORDER BY used LIMIT ?)");
  if (!good) return failure();
  return std::nullopt;
}

// One transaction: nobody sees half of it.
bool CacheDatabase::make_tables() {
  const std::string all =
      fmt::format("PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; {}; PRAGMA application_id={};"
                  " PRAGMA user_version={}; COMMIT",
                  kTable, kApplication, kSchema);
  return run(all.c_str());
}

CacheDatabase::Failure CacheDatabase::failure() const {
  const int code = db_ == nullptr ? SQLITE_NOMEM : ::sqlite3_errcode(db_) & 0xff;
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_ERROR:  // there is no such table, or not with these columns
      return Failure::not_ours;
    default: return Failure::not_to_be;
  }
}

bool CacheDatabase::run(const char* text) {
  return ::sqlite3_exec(db_, text, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::optional<std::string> CacheDatabase::text(const char* query) {
  sqlite3_stmt* statement = nullptr;
  std::optional<std::string> value;
  if (::sqlite3_prepare_v2(db_, query, -1, &statement, nullptr) == SQLITE_OK &&
      ::sqlite3_step(statement) == SQLITE_ROW) {
    const Bytes bytes = blob(statement, 0);
    value.emplace(text_of(bytes));
  }
  ::sqlite3_finalize(statement);
  return value;
}

bool CacheDatabase::prepare(sqlite3_stmt*& statement, const char* text) {
  constexpr unsigned kFlags = SQLITE_PREPARE_PERSISTENT;
  return ::sqlite3_prepare_v3(db_, text, -1, kFlags, &statement, nullptr) == SQLITE_OK;
}

std::optional<CacheDatabase::Found> CacheDatabase::get(Bytes key) {
  std::optional<Found> found;
  const Reset reset{get_};
  bind(get_, 1, key);
  const int code = ::sqlite3_step(get_);
  damaged_ = damaged_ || (code != SQLITE_ROW && code != SQLITE_DONE &&
                          failure() == Failure::not_ours);
  if (code == SQLITE_ROW) {
    const Bytes value = blob(get_, 0);
    if (std::ranges::equal(blob(get_, 1), checksum(key, value))) {
      if (auto findings = Findings::decode(value)) {
        found = Found{std::move(*findings), ::sqlite3_column_int64(get_, 2) != today()};
      }
    }
  }
  return found;
}

bool CacheDatabase::write(const std::vector<Row>& rows, std::size_t most_rows) {
  if (!run("BEGIN IMMEDIATE")) {
    damaged_ = damaged_ || failure() == Failure::not_ours;
    return false;
  }
  const bool good = std::ranges::all_of(rows, [&](const Row& row) { return write(row); });
  if (good && prune(most_rows) && run("COMMIT")) return true;
  // Asked before rolling back, which goes well.
  damaged_ = damaged_ || failure() == Failure::not_ours;
  run("ROLLBACK");
  return false;
}

bool CacheDatabase::write(const Row& row) {
  if (row.value.empty()) {
    ::sqlite3_bind_int64(touch_, 1, today());
    bind(touch_, 2, row.key);
    return done(touch_);
  }
  const std::vector<std::byte> check = checksum(row.key, row.value);
  bind(put_, 1, row.key);
  bind(put_, 2, row.value);
  bind(put_, 3, check);
  ::sqlite3_bind_int64(put_, 4, today());
  ++since_count_;
  return done(put_);
}

// Counting walks all rows; that is done at first, and for every so many that were written.
bool CacheDatabase::prune(std::size_t most_rows) {
  if (since_count_ < most_rows / 16 + 1) return true;
  since_count_ = 0;
  std::int64_t rows = 0;
  if (::sqlite3_step(count_) == SQLITE_ROW) rows = ::sqlite3_column_int64(count_, 0);
  ::sqlite3_reset(count_);
  const auto most = static_cast<std::int64_t>(most_rows);
  if (rows <= most) return true;
  ::sqlite3_bind_int64(prune_, 1, rows - most + most / 8);
  return done(prune_);
}

}  // namespace sluice::content
