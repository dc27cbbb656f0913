// SPDX-License-Identifier: MIT
#include "sluice/content/cache_database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "sluice/policy/digest.h"

namespace sluice::content {
namespace {

constexpr std::string_view kApplication = "1399616867";  // "Sluc"
constexpr std::string_view kSchema = "2";
// Rows stand in the order in which they were last used (by the day): new ones are written side by
// side, and those that go are the first ones. A key stands there as its digest.
constexpr const char* kTable =
    "CREATE TABLE verdicts(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL,"
    " sum BLOB NOT NULL, used INTEGER NOT NULL)";
// For another process that writes, in milliseconds.
constexpr int kAskersPatience = 20;
constexpr int kWritersPatience = 2000;
// A file that is damaged may lead in circles.
constexpr std::chrono::seconds kLongestStep{10};
constexpr int kProgress = 20'000;  // instructions of SQLite's between two looks at the clock
constexpr std::uint64_t kPage = 4096;
constexpr std::int64_t kDroppedAtOnce = 1000;
constexpr int kLongest = 4 << 20;
constexpr std::size_t kCheckBytes = 16;

std::int64_t today() {
  using namespace std::chrono;
  return duration_cast<days>(system_clock::now().time_since_epoch()).count();
}

int is_over(void* until) {
  return std::chrono::steady_clock::now() >
         *static_cast<const std::chrono::steady_clock::time_point*>(until);
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

std::vector<std::byte> checksum(Bytes key, Bytes value) {
  std::vector<std::byte> all(key.begin(), key.end());
  all.insert(all.end(), value.begin(), value.end());
  const policy::Digest digest = policy::digest_of(all);
  return {digest.begin(), digest.begin() + kCheckBytes};
}

std::optional<Findings> findings_in(Bytes key, Bytes value, Bytes sum) {
  if (!std::ranges::equal(sum, checksum(key, value))) return std::nullopt;
  auto findings = Findings::decode(value);
  if (findings && findings->outcome != Outcome::whole) return std::nullopt;
  return findings;
}

CacheDatabase::~CacheDatabase() {
  for (sqlite3_stmt* each : {get_, put_, touch_, drop_}) ::sqlite3_finalize(each);
  ::sqlite3_close(db_);
}

std::expected<std::unique_ptr<CacheDatabase>, CacheDatabase::Failure> CacheDatabase::open(
    const std::string& file, Make make, Use use, const Limits& limits) {
  std::unique_ptr<CacheDatabase> database{new CacheDatabase{limits}};
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  if (::sqlite3_open_v2(file.c_str(), &database->db_, kFlags, nullptr) != SQLITE_OK) {
    return std::unexpected{database->failure()};
  }
  const bool asks = use == Use::asking;
  ::sqlite3_busy_timeout(database->db_, asks ? kAskersPatience : kWritersPatience);
  ::sqlite3_progress_handler(database->db_, kProgress, is_over, &database->until_);
  database->begin_step();
  ::sqlite3_db_config(database->db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_db_config(database->db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  ::sqlite3_limit(database->db_, SQLITE_LIMIT_LENGTH, kLongest);
  if (const auto failure = database->set_up(make)) return std::unexpected{*failure};
  if (!database->settings(use)) return std::unexpected{database->failure()};
  return database;
}

bool CacheDatabase::settings(Use use) {
  const auto pages = std::max<std::uint64_t>(limits_.bytes / kPage, 16);
  return run(fmt::format("PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit={};"
                         " PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-{};"
                         " PRAGMA max_page_count={}",
                         64 << 20, use == Use::asking ? 2048 : 16384, pages)
                 .c_str());
}

void CacheDatabase::begin_step() noexcept {
  until_ = std::chrono::steady_clock::now() + kLongestStep;
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
                    prepare(put_,
                            "INSERT OR REPLACE INTO verdicts(key, value, sum, used)"
                            " VALUES(?,?,?,?)") &&
                    prepare(touch_,
                            "UPDATE verdicts SET id=(SELECT max(id) FROM verdicts)+1, used=?"
                            " WHERE key=?") &&
                    prepare(drop_,
                            "DELETE FROM verdicts WHERE id IN"
                            " (SELECT id FROM verdicts ORDER BY id LIMIT ?)");
  if (!good) return failure();
  return std::nullopt;
}

// One transaction: nobody sees half of it.
bool CacheDatabase::make_tables() {
  const std::string all = fmt::format(
      "PRAGMA page_size={}; PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; {};"
      " PRAGMA application_id={}; PRAGMA user_version={}; COMMIT",
      kPage, kTable, kApplication, kSchema);
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
  begin_step();
  const policy::Digest name = policy::digest_of(key);
  const Reset reset{get_};
  bind(get_, 1, name);
  const int code = ::sqlite3_step(get_);
  damaged_ =
      damaged_ || (code != SQLITE_ROW && code != SQLITE_DONE && failure() == Failure::not_ours);
  if (code == SQLITE_ROW) {
    if (auto findings = findings_in(key, blob(get_, 0), blob(get_, 1))) {
      found = Found{std::move(*findings), ::sqlite3_column_int64(get_, 2) != today()};
    }
  }
  return found;
}

bool CacheDatabase::note_failure() noexcept {
  damaged_ = damaged_ || failure() == Failure::not_ours;
  return false;
}

bool CacheDatabase::write(const std::vector<Row>& rows) {
  bool is_full = false;
  const bool is_written = write_once(rows, is_full) ||
                          (is_full && !damaged_ && make_room(rows) && write_once(rows, is_full));
  if (is_written) prune();
  return is_written;
}

bool CacheDatabase::write_once(const std::vector<Row>& rows, bool& is_full) {
  begin_step();
  if (!run("BEGIN IMMEDIATE")) return note_failure();
  if (write_all(rows) && run("COMMIT")) return true;
  // Asked before rolling back, which goes well.
  is_full = (::sqlite3_errcode(db_) & 0xff) == SQLITE_FULL;
  note_failure();
  run("ROLLBACK");
  return false;
}

bool CacheDatabase::write_all(const std::vector<Row>& rows) {
  return std::ranges::all_of(rows, [&](const Row& row) { return write(row); });
}

bool CacheDatabase::write(const Row& row) {
  const policy::Digest name = policy::digest_of(row.key);
  if (row.value.empty()) {
    ::sqlite3_bind_int64(touch_, 1, today());
    bind(touch_, 2, name);
    return done(touch_);
  }
  const std::vector<std::byte> check = checksum(row.key, row.value);
  bind(put_, 1, name);
  bind(put_, 2, row.value);
  bind(put_, 3, check);
  ::sqlite3_bind_int64(put_, 4, today());
  ++since_count_;
  return done(put_);
}

std::optional<std::int64_t> CacheDatabase::number(const char* query) {
  const auto digits = text(query);
  if (!digits) return std::nullopt;
  return std::strtoll(digits->c_str(), nullptr, 10);
}

// Counting walks all keys; that is done at first, and for every so many that were written. Nobody
// else waits for it.
void CacheDatabase::prune() {
  if (since_count_ < limits_.rows / 16 + 1) return;
  since_count_ = 0;
  const auto rows = number("SELECT count(*) FROM verdicts");
  if (!rows) return static_cast<void>(note_failure());
  const auto most = static_cast<std::int64_t>(limits_.rows);
  if (*rows > most) drop_oldest(*rows - most + most / 8);
}

// Where the limit is our own there is something to be dropped; a disk that is full stays so.
bool CacheDatabase::make_room(const std::vector<Row>& wanted) {
  constexpr std::size_t kBeside = 256;  // what a row takes besides its value, the index's part too
  std::size_t bytes = 16 * kPage;
  for (const Row& row : wanted) bytes += row.value.size() + kBeside;
  const auto needed = static_cast<std::int64_t>(bytes / kPage);
  const auto pages = number("PRAGMA page_count"), rows = number("SELECT count(*) FROM verdicts");
  const auto most = static_cast<std::int64_t>(limits_.bytes / kPage);
  return pages && rows && *pages + needed > most && drop_oldest(*rows / 4 + 1);
}

// In pieces, so that other writers wait for a moment only.
bool CacheDatabase::drop_oldest(std::int64_t rows) {
  begin_step();
  for (; rows > 0; rows -= kDroppedAtOnce) {
    ::sqlite3_bind_int64(drop_, 1, std::min(rows, kDroppedAtOnce));
    if (!done(drop_)) return note_failure();
  }
  return true;
}

}  // namespace sluice::content
