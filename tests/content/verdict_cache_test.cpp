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

#include "cache_support.h"
#include "disk.h"

namespace sluice::content {
namespace {

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

}  // namespace
}  // namespace sluice::content
