// SPDX-License-Identifier: MIT
#include "sluice/content/verdict_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"
#include "sluice/policy/digest.h"

namespace sluice::content {
namespace {

constexpr int kApplication = 0x536c7563;  // "Sluc"
constexpr int kSchema = 1;
constexpr int kPatience = 100;  // milliseconds, for another process that writes
constexpr std::size_t kBatch = 1000;
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

bool is_private(const struct stat& stat) {
  return stat.st_uid == ::geteuid() && (stat.st_mode & 077) == 0;
}

// Makes sure that the file can be ours; makes it where it is not there.
Result<void, Error> prepare(const std::string& file) {
  const std::string folder = std::filesystem::path{file}.parent_path().string();
  ::mkdir(std::filesystem::path{folder}.parent_path().c_str(), 0700);
  ::mkdir(folder.c_str(), 0700);
  struct stat stat {};
  if (::lstat(folder.c_str(), &stat) != 0) {
    return fail(Error::of(fmt::format("cannot use the folder `{}`", folder), Errno::last()));
  }
  if (!S_ISDIR(stat.st_mode) || !is_private(stat)) {
    return fail(Error{fmt::format("the folder `{}` is another user's, or open to others; `chmod"
                                  " 700` it, or remove it",
                                  folder),
                      EPERM});
  }
  const Fd made{::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600)};
  if (!made || ::fstat(made.get(), &stat) != 0) {
    return fail(Error::of(fmt::format("cannot use `{}`", file), Errno::last()));
  }
  if (!S_ISREG(stat.st_mode) || !is_private(stat) || stat.st_nlink != 1) {
    return fail(Error{fmt::format("`{}` is another user's, or open to others; remove it", file),
                      EPERM});
  }
  return {};
}

}  // namespace

// One connection; used by one thread at a time.
class VerdictCache::Database {
 public:
  ~Database() {
    for (sqlite3_stmt* each : {get_, put_, touch_, count_, prune_}) ::sqlite3_finalize(each);
    ::sqlite3_close(db_);
  }

  // Gives nothing where the file cannot be used as it is.
  static std::unique_ptr<Database> open(const std::string& file) {
    auto database = std::make_unique<Database>();
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (::sqlite3_open_v2(file.c_str(), &database->db_, kFlags, nullptr) != SQLITE_OK) return {};
    ::sqlite3_busy_timeout(database->db_, kPatience);
    // What is in the file is not to be trusted further than a row of ours.
    ::sqlite3_db_config(database->db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    ::sqlite3_db_config(database->db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    ::sqlite3_limit(database->db_, SQLITE_LIMIT_LENGTH, 4 << 20);
    if (!database->is_ours() || !database->set_up()) return {};
    return database;
  }

  std::optional<Findings> get(Bytes key, bool& is_old) {
    std::optional<Findings> findings;
    bind(get_, 1, key);
    if (::sqlite3_step(get_) == SQLITE_ROW) {
      const Bytes value = blob(get_, 0);
      const std::vector<std::byte> check = checksum(key, value);
      if (std::ranges::equal(blob(get_, 1), check)) findings = Findings::decode(value);
      is_old = ::sqlite3_column_int64(get_, 2) != today();
    }
    ::sqlite3_reset(get_);
    return findings;
  }

  bool write(std::vector<Row>& rows, std::size_t most_rows) {
    if (!run("BEGIN IMMEDIATE")) return false;
    bool good = true;
    for (const Row& row : rows) good = good && write(row);
    good = good && prune(most_rows);
    return good ? run("COMMIT") : (run("ROLLBACK"), false);
  }

  // Tells whether the last thing went wrong because of what is in the file.
  bool is_damaged() const {
    const int code = ::sqlite3_errcode(db_) & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_MISMATCH;
  }

 private:
  bool run(const char* text) {
    return ::sqlite3_exec(db_, text, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  int number(const char* pragma) {
    sqlite3_stmt* statement = nullptr;
    int value = -1;
    if (::sqlite3_prepare_v2(db_, pragma, -1, &statement, nullptr) == SQLITE_OK &&
        ::sqlite3_step(statement) == SQLITE_ROW) {
      value = ::sqlite3_column_int(statement, 0);
    }
    ::sqlite3_finalize(statement);
    return value;
  }

  bool is_ours() {
    const int application = number("PRAGMA application_id");
    const int schema = number("PRAGMA user_version");
    // A file that was just made is empty.
    if (application == 0 && schema == 0) return number("SELECT count(*) FROM sqlite_master") == 0;
    return application == kApplication && schema == kSchema;
  }

  bool set_up() {
    const std::string text = fmt::format(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA application_id={};"
        "PRAGMA user_version={};"
        "CREATE TABLE IF NOT EXISTS verdicts(key BLOB PRIMARY KEY, value BLOB NOT NULL,"
        " sum BLOB NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;",
        kApplication, kSchema);
    return run(text.c_str()) && prepare(get_, "SELECT value, sum, used FROM verdicts WHERE key=?") &&
           prepare(put_, "INSERT OR REPLACE INTO verdicts VALUES(?,?,?,?)") &&
           prepare(touch_, "UPDATE verdicts SET used=? WHERE key=?") &&
           prepare(count_, "SELECT count(*) FROM verdicts") &&
           prepare(prune_,
                   "DELETE FROM verdicts WHERE key IN"
                   " (SELECT key FROM verdicts ORDER BY used LIMIT ?)");
  }

  bool prepare(sqlite3_stmt*& statement, const char* text) {
    constexpr unsigned kFlags = SQLITE_PREPARE_PERSISTENT;
    return ::sqlite3_prepare_v3(db_, text, -1, kFlags, &statement, nullptr) == SQLITE_OK;
  }
  static void bind(sqlite3_stmt* statement, int index, Bytes bytes) {
    ::sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  static Bytes blob(sqlite3_stmt* statement, int column) {
    const auto* data = static_cast<const std::byte*>(::sqlite3_column_blob(statement, column));
    const int size = ::sqlite3_column_bytes(statement, column);
    return data == nullptr ? Bytes{} : Bytes{data, static_cast<std::size_t>(std::max(size, 0))};
  }

  static bool done(sqlite3_stmt* statement) {
    const bool good = ::sqlite3_step(statement) == SQLITE_DONE;
    ::sqlite3_reset(statement);
    return good;
  }

  bool write(const Row& row) {
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

  // Counting walks all rows; that is done for every so many that were written.
  bool prune(std::size_t most_rows) {
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

  sqlite3* db_ = nullptr;
  sqlite3_stmt *get_ = nullptr, *put_ = nullptr, *touch_ = nullptr, *count_ = nullptr,
               *prune_ = nullptr;
  std::size_t since_count_ = 0;
};

VerdictCache::VerdictCache(std::string file, std::size_t most_rows)
    : file_{std::move(file)}, most_rows_{std::max<std::size_t>(most_rows, 16)} {
  const auto prepared = prepare(file_);
  if (!prepared) {
    trouble_ = prepared.error().line();
    return;
  }
  database_ = Database::open(file_);
  if (database_ == nullptr) {
    for (const char* beside : {"-wal", "-shm"}) ::unlink((file_ + beside).c_str());
    ::rename(file_.c_str(), (file_ + ".bad").c_str());
    trouble_ = fmt::format("`{}` was no cache of this version, or damaged: it is `{}.bad` now, and"
                           " begun anew",
                           file_, file_);
    if (prepare(file_)) database_ = Database::open(file_);
  }
  if (database_ == nullptr) {
    trouble_ = fmt::format("cannot use `{}`: what was found in files is not kept", file_);
    return;
  }
  writer_ = std::jthread{[this](const std::stop_token& stop) { write(stop); }};
}

VerdictCache::~VerdictCache() = default;

std::string VerdictCache::trouble() const {
  const std::lock_guard lock{database_mutex_};
  return trouble_;
}

std::optional<Findings> VerdictCache::get(Bytes key) noexcept try {
  bool is_old = false;
  std::optional<Findings> findings;
  {
    const std::lock_guard lock{database_mutex_};
    if (database_ == nullptr) return std::nullopt;
    findings = database_->get(key, is_old);
  }
  if (findings && is_old) {
    const std::lock_guard lock{queue_mutex_};
    if (queue_.size() < kQueue) queue_.push_back({{key.begin(), key.end()}, {}});
    queued_.notify_one();
  }
  return findings;
} catch (const std::exception&) {  // no memory
  return std::nullopt;
}

void VerdictCache::put(std::vector<std::byte> key, const Findings& findings) noexcept try {
  if (!writer_.joinable()) return;
  std::vector<std::byte> value = findings.encode();
  const std::lock_guard lock{queue_mutex_};
  if (queue_.size() >= kQueue) return;
  queue_.push_back({std::move(key), std::move(value)});
  queued_.notify_one();
} catch (const std::exception&) {  // no memory: it is found out again
}

void VerdictCache::flush() noexcept {
  if (!writer_.joinable()) return;
  std::unique_lock lock{queue_mutex_};
  constexpr std::chrono::seconds kLongest{10};
  written_.wait_for(lock, kLongest, [&] { return queue_.empty() && !writing_; });
}

void VerdictCache::write(const std::stop_token& stop) {
  std::vector<Row> rows;
  for (;;) {
    {
      std::unique_lock lock{queue_mutex_};
      writing_ = false;
      if (queue_.empty()) written_.notify_all();
      queued_.wait(lock, stop, [&] { return !queue_.empty(); });
      if (queue_.empty()) return;  // asked to stop, and all is written
      rows.clear();
      while (!queue_.empty() && rows.size() < kBatch) {
        rows.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      writing_ = true;
    }
    const std::lock_guard lock{database_mutex_};
    if (database_ == nullptr || database_->write(rows, most_rows_)) continue;
    if (!database_->is_damaged()) continue;  // no room, or somebody else is at it: not kept
    database_.reset();
    trouble_ = fmt::format("`{}` is damaged: what is found from now on is not kept", file_);
  }
}

}  // namespace sluice::content
