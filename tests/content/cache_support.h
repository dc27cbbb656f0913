// SPDX-License-Identifier: MIT
// What the tests of the file of verdicts share: rows, somebody else at the file, and the file.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "disk.h"
#include "sluice/content/verdict_cache.h"

namespace sluice::content {

inline constexpr std::size_t kPlenty = 100'000;

inline std::vector<std::byte> key(int number) {
  const std::string text = fmt::format("a key that is long enough {:08}", number);
  const Bytes bytes = bytes_of(std::string_view{text});
  return {bytes.begin(), bytes.end()};
}

inline Findings findings(int number) {
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

}  // namespace sluice::content
