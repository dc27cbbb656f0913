// SPDX-License-Identifier: MIT
// Records arrive in order and whole, or are counted as dropped; nobody who makes one waits.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "sluice/observe/record_drain.h"

namespace sluice::observe {
namespace {

// Something larger than what a processor writes at once, so that a torn copy can be seen.
struct Sample {
  std::uint32_t who = 0;
  std::uint64_t number = 0;
  std::array<std::uint64_t, 30> copies{};

  bool whole() const {
    return std::ranges::all_of(copies, [this](std::uint64_t n) { return n == number * 31 + who; });
  }
};
using Ring = RecordRing<Sample>;
using Drain = RecordDrain<Sample>;

Sample numbered(std::uint32_t who, std::uint64_t number) {
  Sample sample{who, number, {}};
  sample.copies.fill(number * 31 + who);
  return sample;
}

TEST(RecordRing, sizes_that_cannot_be_are_refused) {
  for (std::size_t size : {0, 1, 3, 100}) EXPECT_FALSE(Ring::make(size)) << size;
}

TEST(RecordRing, gives_back_what_was_put_in_order_and_round_after_round) {
  auto ring = Ring::make(4);
  ASSERT_TRUE(ring);
  std::array<Sample, 8> out;
  std::uint64_t next = 0;
  for (int round = 0; round < 10; ++round) {
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(ring->put(numbered(1, next + i)));
    ASSERT_EQ(ring->take(out), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(out[i].number, next + i);
    next += 3;
  }
  EXPECT_EQ(ring->take(out), 0U);
}

TEST(RecordRing, a_full_one_drops_the_new_record_and_counts_it) {
  auto ring = Ring::make(4);
  ASSERT_TRUE(ring);
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(ring->put(numbered(1, i)));
  EXPECT_FALSE(ring->put(numbered(1, 4)));
  EXPECT_EQ(ring->dropped(), 1U);
  EXPECT_EQ(ring->put_in(), 4U);
  std::array<Sample, 1> one;
  ASSERT_EQ(ring->take(one), 1U);
  EXPECT_EQ(one[0].number, 0U);
  EXPECT_TRUE(ring->put(numbered(1, 5)));
}

TEST(RecordRing, many_threads_lose_nothing_that_is_not_counted) {
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint64_t kEach = 20000;
  auto ring = Ring::make(256);
  ASSERT_TRUE(ring);
  std::atomic<std::uint32_t> running{kThreads};
  std::vector<std::thread> threads;
  for (std::uint32_t who = 0; who < kThreads; ++who) {
    threads.emplace_back([&, who] {
      for (std::uint64_t i = 0; i < kEach; ++i) ring->put(numbered(who, i));
      running.fetch_sub(1);
    });
  }
  std::map<std::uint32_t, std::uint64_t> last;
  std::uint64_t taken = 0;
  std::array<Sample, 32> out;
  for (bool more = true; more;) {
    more = running.load() > 0;
    for (std::size_t got = ring->take(out); got > 0; got = ring->take(out)) {
      taken += got;
      for (const Sample& record : std::span{out}.first(got)) {
        ASSERT_TRUE(record.whole()) << "torn";
        ASSERT_TRUE(!last.contains(record.who) || last[record.who] < record.number) << "out of order";
        last[record.who] = record.number;
      }
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, ring->put_in());
  EXPECT_EQ(taken + ring->dropped(), kThreads * kEach);
}

TEST(RecordDrain, writes_everything_before_it_ends) {
  auto ring = Ring::make(1024);
  ASSERT_TRUE(ring);
  std::vector<std::uint64_t> seen;
  {
    auto drain = Drain::start(*ring, [&](std::span<const Sample> records, std::uint64_t) {
      for (const Sample& record : records) seen.push_back(record.number);
    });
    ASSERT_TRUE(drain);
    for (std::uint64_t i = 0; i < 500; ++i) ASSERT_TRUE(ring->put(numbered(1, i)));
  }
  ASSERT_EQ(seen.size(), 500U);
  for (std::uint64_t i = 0; i < 500; ++i) EXPECT_EQ(seen[i], i);
}

TEST(RecordDrain, a_writer_that_hangs_holds_nobody_up_and_drops_are_told_afterwards) {
  auto ring = Ring::make(16);
  ASSERT_TRUE(ring);
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false;
  bool go_on = false;
  std::uint64_t written = 0;
  std::uint64_t told = 0;
  {
    auto drain = Drain::start(*ring, [&](std::span<const Sample> records, std::uint64_t drops) {
      std::unique_lock lock{mutex};
      inside = true;
      changed.notify_all();
      changed.wait(lock, [&] { return go_on; });
      written += records.size();
      told += drops;
    });
    ASSERT_TRUE(drain);
    ASSERT_TRUE(ring->put(numbered(1, 0)));
    {
      std::unique_lock lock{mutex};
      changed.wait(lock, [&] { return inside; });
    }
    for (std::uint64_t i = 1; i <= 1000; ++i) ring->put(numbered(1, i));  // returns at once
    EXPECT_GT(ring->dropped(), 0U);
    std::lock_guard lock{mutex};
    go_on = true;
    changed.notify_all();
  }
  EXPECT_EQ(told, ring->dropped());
  EXPECT_EQ(written + told, 1001U);
}

}  // namespace
}  // namespace sluice::observe
