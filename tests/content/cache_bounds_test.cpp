// SPDX-License-Identifier: MIT
// The file of verdicts has an end: in rows, and in bytes.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cache_support.h"

namespace sluice::content {
namespace {

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
