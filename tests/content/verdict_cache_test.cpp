// SPDX-License-Identifier: MIT
// The file of verdicts: what was put is got, by any process; whatever is wrong with the file, the
// answer is right or there is none.
#include "sluice/content/verdict_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

#include "disk.h"

namespace sluice::content {
namespace {

constexpr std::size_t kPlenty = 100'000;

std::vector<std::byte> key(int number) {
  const std::string text = fmt::format("a key that is long enough {:08}", number);
  const Bytes bytes = bytes_of(std::string_view{text});
  return {bytes.begin(), bytes.end()};
}

Findings findings(int number) {
  Findings found;
  found.outcome = Outcome::whole;
  found.detectors = {fmt::format("detector-{}", number)};
  found.spots = {{.detector = 0, .offset = 7, .length = 9, .line = 2}};
  found.spots_in_all = 1;
  return found;
}

// A connection of somebody else to the file.
class Other {
 public:
  explicit Other(const std::string& file) {
    EXPECT_EQ(::sqlite3_open(file.c_str(), &db_), SQLITE_OK);
    ::sqlite3_busy_timeout(db_, 100);
  }
  ~Other() { ::sqlite3_close(db_); }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;

  int run(const std::string& text) {
    return ::sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr);
  }
  // The first column of the first row; "" if there is none.
  std::string text(const std::string& query) {
    sqlite3_stmt* statement = nullptr;
    std::string value;
    if (::sqlite3_prepare_v2(db_, query.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        ::sqlite3_step(statement) == SQLITE_ROW) {
      const auto* text = ::sqlite3_column_text(statement, 0);
      if (text != nullptr) value = reinterpret_cast<const char*>(text);
    }
    ::sqlite3_finalize(statement);
    return value;
  }

 private:
  sqlite3* db_ = nullptr;
};

class VerdictCacheTest : public testing::Test {
 protected:
  std::unique_ptr<VerdictCache> open(std::size_t rows = kPlenty) const {
    return std::make_unique<VerdictCache>(file, VerdictCache::Limits{.rows = rows});
  }
  // Puts the first `count` and closes the file.
  void fill(int count) const {
    const auto cache = open();
    ASSERT_EQ(cache->trouble(), "");
    for (int i = 0; i < count; ++i) cache->put(key(i), findings(i));
  }
  // Works as a new one would, whatever stood there before.
  void expect_begun_anew() const {
    const auto cache = open();
    EXPECT_NE(cache->trouble(), "");
    EXPECT_EQ(cache->trouble().find('\n'), std::string::npos);
    EXPECT_TRUE(exists(file + ".bad"));
    EXPECT_EQ(cache->get(key(1)), std::nullopt);
    cache->put(key(1), findings(1));
    cache->flush();
    EXPECT_EQ(cache->get(key(1)), findings(1));
    EXPECT_EQ(open()->trouble(), "");
  }
  // Nothing is kept, and nothing that is there is touched.
  void expect_not_used() const {
    const auto cache = open();
    EXPECT_NE(cache->trouble(), "");
    cache->put(key(1), findings(1));
    cache->flush();
    EXPECT_EQ(cache->get(key(1)), std::nullopt);
    EXPECT_FALSE(exists(file + ".bad"));
  }

  const Folder folder;
  const std::string file = folder.path("cache/verdicts.sqlite");
};

TEST_F(VerdictCacheTest, gives_what_was_put_now_and_after_it_was_closed) {
  {
    const auto cache = open();
    EXPECT_EQ(cache->trouble(), "");
    EXPECT_EQ(cache->get(key(1)), std::nullopt);
    cache->put(key(1), findings(1));
    cache->put(key(2), findings(2));
    cache->put(key(2), findings(22));
    cache->flush();
    EXPECT_EQ(cache->get(key(1)), findings(1));
  }
  const auto cache = open();
  EXPECT_EQ(cache->get(key(1)), findings(1));
  EXPECT_EQ(cache->get(key(2)), findings(22)) << "the last one holds";
  EXPECT_EQ(cache->get(key(3)), std::nullopt);
}

TEST_F(VerdictCacheTest, is_for_its_owner_alone) {
  fill(3);
  const auto cache = open();
  cache->put(key(9), findings(9));
  cache->flush();
  for (const auto& each : std::filesystem::directory_iterator{folder.path("cache")}) {
    struct stat stat {};
    ASSERT_EQ(::lstat(each.path().c_str(), &stat), 0);
    EXPECT_EQ(stat.st_mode & 0077, 0u) << each.path();
  }
  struct stat stat {};
  ASSERT_EQ(::stat(folder.path("cache").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0700u);
}

TEST_F(VerdictCacheTest, is_shared_by_processes_that_all_come_first) {
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove_all(folder.path("cache"));
    std::vector<std::unique_ptr<Process>> all;
    for (int each = 0; each < 8; ++each) {
      all.push_back(std::make_unique<Process>([&, each] {
        const auto cache = open();
        if (!cache->trouble().empty()) return 1;
        for (int i = 0; i < 200; ++i) cache->put(key(each * 1000 + i), findings(i));
        cache->flush();
        return cache->get(key(each * 1000 + 199)) == findings(199) ? 0 : 2;
      }));
    }
    for (auto& each : all) EXPECT_EQ(each->join(), 0);
    EXPECT_FALSE(exists(file + ".bad"));
    const auto cache = open();
    EXPECT_EQ(cache->trouble(), "");
    for (int each = 0; each < 8; ++each) EXPECT_TRUE(cache->get(key(each * 1000 + 100))) << each;
  }
}

TEST_F(VerdictCacheTest, is_seen_by_another_process_as_it_grows) {
  const auto cache = open();
  cache->put(key(1), findings(1));
  cache->flush();
  // A program of its own: a process that was forked may not use what its parent has open.
  Other other{file};
  EXPECT_EQ(other.text("SELECT count(*) FROM verdicts"), "1");
  cache->put(key(2), findings(2));
  cache->flush();
  EXPECT_EQ(other.text("SELECT count(*) FROM verdicts"), "2");
}

TEST_F(VerdictCacheTest, that_another_is_writing_to_is_not_taken_for_a_bad_one) {
  fill(3);
  Other other{file};
  ASSERT_EQ(other.run("BEGIN IMMEDIATE; UPDATE verdicts SET used=used"), SQLITE_OK);
  {
    const auto cache = open();
    EXPECT_EQ(cache->get(key(1)), findings(1)) << cache->trouble();
    cache->put(key(8), findings(8));
  }
  EXPECT_EQ(other.run("COMMIT"), SQLITE_OK);
  EXPECT_FALSE(exists(file + ".bad"));
  EXPECT_EQ(open()->get(key(2)), findings(2));
}

TEST_F(VerdictCacheTest, that_another_has_for_itself_is_left_to_him) {
  fill(3);
  {
    Other other{file};
    ASSERT_EQ(other.run("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;"
                        "UPDATE verdicts SET used=used"),
              SQLITE_OK);
    const auto cache = open();
    EXPECT_FALSE(exists(file + ".bad"));
    other.run("COMMIT");
  }
  EXPECT_EQ(open()->get(key(2)), findings(2));
}

// To open a file and close it again loses all locks that the process has on it, SQLite's as well;
// then another process may take the file's journal away.
TEST_F(VerdictCacheTest, stays_locked_when_the_same_process_has_it_twice_and_closes_one) {
  const auto cache = open();
  cache->put(key(1), findings(1));
  cache->flush();
  open().reset();
  // A mode without a shared journal is only to be had by who has the file alone.
  const std::string tool = fmt::format(
      "sqlite3 {} 'PRAGMA busy_timeout=0; PRAGMA journal_mode=DELETE' 2>&1 | grep -q delete", file);
  if (std::system("sqlite3 -version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no sqlite3";
  EXPECT_NE(std::system(tool.c_str()), 0) << "somebody else had it alone";
  cache->put(key(2), findings(2));
  cache->flush();
  EXPECT_EQ(cache->get(key(2)), findings(2));
}

TEST_F(VerdictCacheTest, never_gives_a_wrong_answer_whichever_byte_is_turned) {
  // In memory, and with as few pages as there can be: it is done for each byte.
  const Folder memory{"/dev/shm"};
  const std::string path = memory.path("cache/verdicts.sqlite");
  {
    VerdictCache cache{path, {.rows = kPlenty}};
    for (int i = 0; i < 5; ++i) cache.put(key(i), findings(i));
  }
  const std::string good = read_text(path);
  ASSERT_GT(good.size(), 4096u);
  int right = 0;
  int none = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (at % 2 == 0 ? 0xff : 1 << at % 7));
    write_text(path, bad);
    for (const char* beside : {"-wal", "-shm", ".bad"}) ::unlink((path + beside).c_str());
    VerdictCache cache{path, {.rows = kPlenty}};
    for (int i = 0; i < 5; ++i) {
      const auto got = cache.get(key(i));
      ASSERT_TRUE(!got || *got == findings(i)) << "byte " << at;
      ++(got ? right : none);
    }
    ASSERT_EQ(cache.get(key(5)), std::nullopt) << "byte " << at;
    // What is put into a damaged file is there or is not; the process goes on.
    if (at % 16 == 0) {
      cache.put(key(6), findings(6));
      cache.flush();
      const auto got = cache.get(key(6));
      ASSERT_TRUE(!got || *got == findings(6)) << "byte " << at;
    }
  }
  EXPECT_GT(right, 0);
  EXPECT_GT(none, 0);
}

TEST_F(VerdictCacheTest, never_gives_a_wrong_answer_wherever_it_is_cut_short) {
  fill(200);
  const std::string good = read_text(file);
  for (std::size_t size = 0; size < good.size(); size += 509) {
    write_text(file, std::string_view{good}.substr(0, size));
    for (const char* beside : {"-wal", "-shm", ".bad"}) ::unlink((file + beside).c_str());
    const auto cache = open();
    for (int i = 0; i < 200; i += 40) {
      const auto got = cache->get(key(i));
      ASSERT_TRUE(!got || *got == findings(i)) << size;
    }
  }
}

TEST_F(VerdictCacheTest, takes_no_row_that_is_torn) {
  fill(3);
  {
    Other other{file};
    ASSERT_EQ(other.run("UPDATE verdicts SET value = (SELECT value FROM verdicts ORDER BY key DESC"
                        " LIMIT 1)"),
              SQLITE_OK);
  }
  const auto cache = open();
  int got = 0;
  for (int i = 0; i < 3; ++i) {
    const auto found = cache->get(key(i));
    if (!found) continue;
    ++got;
    EXPECT_EQ(*found, findings(i));
  }
  EXPECT_EQ(got, 1) << "the one whose value it is";
}

TEST_F(VerdictCacheTest, sets_aside_what_is_another_program_s) {
  open().reset();
  std::filesystem::remove(file);
  {
    Other other{file};
    ASSERT_EQ(other.run("CREATE TABLE mine(a); INSERT INTO mine VALUES('precious')"), SQLITE_OK);
  }
  ::chmod(file.c_str(), 0600);
  expect_begun_anew();
  Other other{file + ".bad"};
  EXPECT_EQ(other.text("SELECT a FROM mine"), "precious");
}

TEST_F(VerdictCacheTest, sets_aside_what_another_version_made) {
  fill(3);
  {
    Other other{file};
    ASSERT_EQ(other.run("PRAGMA user_version = 4711"), SQLITE_OK);
  }
  expect_begun_anew();
}

TEST_F(VerdictCacheTest, sets_aside_what_is_no_database) {
  fill(1);
  write_text(file, std::string(20'000, 'x'));
  expect_begun_anew();
}

TEST_F(VerdictCacheTest, sets_aside_what_calls_itself_ours_and_is_not) {
  fill(1);
  {
    Other other{file};
    ASSERT_EQ(other.run("DROP TABLE verdicts; CREATE TABLE verdicts(key, other)"), SQLITE_OK);
  }
  expect_begun_anew();
}

TEST_F(VerdictCacheTest, follows_no_link) {
  fill(1);
  std::filesystem::rename(file, folder.path("elsewhere"));
  const std::string before = read_text(folder.path("elsewhere"));
  ASSERT_EQ(::symlink(folder.path("elsewhere").c_str(), file.c_str()), 0);
  expect_not_used();
  EXPECT_EQ(read_text(folder.path("elsewhere")), before);
}

TEST_F(VerdictCacheTest, is_not_used_where_others_can_come_at_it) {
  fill(1);
  ASSERT_EQ(::chmod(file.c_str(), 0660), 0);
  expect_not_used();
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  ASSERT_EQ(::link(file.c_str(), folder.path("elsewhere").c_str()), 0);
  expect_not_used();
  std::filesystem::remove(folder.path("elsewhere"));
  ASSERT_EQ(::chmod(folder.path("cache").c_str(), 0755), 0);
  expect_not_used();
  ASSERT_EQ(::chmod(folder.path("cache").c_str(), 0700), 0);
  EXPECT_EQ(open()->trouble(), "");
}

TEST_F(VerdictCacheTest, is_not_used_in_a_folder_that_is_a_link) {
  fill(1);
  std::filesystem::rename(folder.path("cache"), folder.path("elsewhere"));
  ASSERT_EQ(::symlink(folder.path("elsewhere").c_str(), folder.path("cache").c_str()), 0);
  expect_not_used();
}

TEST_F(VerdictCacheTest, may_be_below_a_folder_that_is_a_link) {
  std::filesystem::create_directory(folder.path("home"));
  ASSERT_EQ(::symlink(folder.path("home").c_str(), folder.path("link").c_str()), 0);
  const std::string linked = folder.path("link/cache/verdicts.sqlite");
  {
    VerdictCache cache{linked, {.rows = kPlenty}};
    EXPECT_EQ(cache.trouble(), "");
    cache.put(key(1), findings(1));
  }
  EXPECT_EQ((VerdictCache{linked, {.rows = kPlenty}}.get(key(1))), findings(1));
}

TEST_F(VerdictCacheTest, on_a_full_disk_keeps_less_and_says_nothing_wrong) {
  Folder small;
  if (const auto why = small.mount("tmpfs", "none", "disk", "size=1m,mode=0700"); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const std::string path = small.path("disk/cache/verdicts.sqlite");
  std::map<int, Findings> all;
  {
    VerdictCache cache{path, {.rows = kPlenty}};
    EXPECT_EQ(cache.trouble(), "");
    for (int i = 0; i < 3000; ++i) {
      Findings large = findings(i);
      large.detectors = {std::string(200, 'a') + fmt::format("{:06}", i),
                         std::string(200, 'b') + fmt::format("{:06}", i)};
      cache.put(key(i), large);
      all[i] = std::move(large);
      if (i % 100 == 0) cache.flush();
    }
    cache.flush();
    for (const auto& [i, each] : all) {
      const auto got = cache.get(key(i));
      ASSERT_TRUE(!got || *got == each);
    }
  }
  VerdictCache cache{path, {.rows = kPlenty}};
  int right = 0;
  for (const auto& [i, each] : all) {
    const auto got = cache.get(key(i));
    ASSERT_TRUE(!got || *got == each);
    right += got ? 1 : 0;
  }
  EXPECT_GT(right, 0) << "what there was room for";
  EXPECT_LT(right, 3000);
}

TEST_F(VerdictCacheTest, without_a_disk_to_write_to_is_none) {
  Folder small;
  if (const auto why = small.mount("tmpfs", "none", "disk", "size=64k,ro"); !why.empty()) {
    GTEST_SKIP() << why;
  }
  VerdictCache cache{small.path("disk/cache/verdicts.sqlite"), {.rows = kPlenty}};
  EXPECT_NE(cache.trouble(), "");
  cache.put(key(1), findings(1));
  cache.flush();
  EXPECT_EQ(cache.get(key(1)), std::nullopt);
}

// Of two pages it does not show when the file is opened.
TEST_F(VerdictCacheTest, that_turns_out_to_be_damaged_is_begun_anew_when_nobody_uses_it) {
  fill(20);
  {
    std::fstream bytes{file, std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekp(4096);
    bytes << std::string(8192, '\xff');
  }
  {
    const auto cache = open(), other = open();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(cache->get(key(i)), std::nullopt);
    EXPECT_NE(cache->trouble(), "");
    EXPECT_NE(open()->get(key(1)), findings(1));
    EXPECT_FALSE(exists(file + ".bad"));
  }
  expect_begun_anew();
}

TEST_F(VerdictCacheTest, that_another_writes_to_for_a_moment_waits_for_him) {
  fill(1);
  const auto cache = open();
  Other other{file};
  ASSERT_EQ(other.run("BEGIN IMMEDIATE"), SQLITE_OK);
  for (int i = 0; i < 10; ++i) cache->put(key(i), findings(i));
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  EXPECT_EQ(cache->get(key(0)), findings(0));  // who asks does not
  ASSERT_EQ(other.run("COMMIT"), SQLITE_OK);
  cache->flush();
  EXPECT_EQ(cache->get(key(9)), findings(9));
}

TEST_F(VerdictCacheTest, does_not_grow_beyond_its_size_and_keeps_what_is_new) {
  constexpr std::uint64_t kBytes = 512 << 10;
  VerdictCache cache{file, VerdictCache::Limits{.rows = 1'000'000, .bytes = kBytes}};
  int found = 0;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 500; ++i) cache.put(key(round * 500 + i), findings(i));
    cache.flush();
    found += cache.get(key(round * 500)) ? 1 : 0;
  }
  EXPECT_LE(std::filesystem::file_size(file), kBytes);
  EXPECT_EQ(found, 40) << "what is new has room";
  EXPECT_FALSE(cache.get(key(0))) << "what is old makes it";
}

TEST_F(VerdictCacheTest, keeps_nothing_that_is_overly_long) {
  Findings much = findings(1);
  const std::string tail(96, 'x');
  much.detectors.clear();
  for (int i = 1000; i < 2000; ++i) much.detectors.push_back(std::to_string(i) + tail);
  const auto cache = open();
  cache->put(key(1), much);
  cache->flush();
  EXPECT_EQ(cache->get(key(1)), std::nullopt);
}

TEST_F(VerdictCacheTest, has_no_more_rows_than_wanted_however_little_each_process_puts) {
  constexpr std::size_t kMost = 160;
  for (int process = 0; process < 200; ++process) {
    const auto cache = open(kMost);
    for (int i = 0; i < 5; ++i) cache->put(key(process * 5 + i), findings(i));
  }
  Other other{file};
  const auto rows = std::stoul(other.text("SELECT count(*) FROM verdicts"));
  EXPECT_LE(rows, kMost + kMost / 8);
  EXPECT_GT(rows, kMost / 2);
}

TEST_F(VerdictCacheTest, lets_go_first_what_was_not_used_for_longest) {
  constexpr std::size_t kMost = 160;
  {
    const auto cache = open(kMost);
    for (int i = 0; i < 150; ++i) cache->put(key(i), findings(i));
  }
  {
    Other other{file};
    ASSERT_EQ(other.run("UPDATE verdicts SET used = used - 40"), SQLITE_OK);
  }
  {
    const auto cache = open(kMost);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(cache->get(key(i)));
    cache->flush();
    for (int i = 1000; i < 1100; ++i) cache->put(key(i), findings(i));
    cache->flush();
    for (int i = 1100; i < 1120; ++i) cache->put(key(i), findings(i));
  }
  const auto cache = open(kMost);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(cache->get(key(i))) << "used today: " << i;
  int old = 0;
  for (int i = 10; i < 150; ++i) old += cache->get(key(i)) ? 1 : 0;
  EXPECT_LT(old, 80);
}

}  // namespace
}  // namespace sluice::content
