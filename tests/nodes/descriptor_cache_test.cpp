// SPDX-License-Identifier: MIT
#include "sluice/mirror/descriptor_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "support.h"

namespace sluice::mirror {
namespace {

// A descriptor that can be told from others: its file's size is `mark`.
Result<Fd> marked(std::uint64_t mark) {
  Fd fd = TRY(own(::memfd_create("nodes-test", MFD_CLOEXEC)));
  TRY(checked(::ftruncate(fd.get(), static_cast<off_t>(mark))));
  return fd;
}

std::int64_t mark_of(int fd) { return ::lseek(fd, 0, SEEK_END); }

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

DescriptorCache::Borrowed get(DescriptorCache& cache, std::uint64_t node) {
  return cache.get(NodeId{node}, [&] { return marked(node); }).value();
}

TEST(DescriptorCache, opens_once_and_lends_the_same_descriptor_again) {
  DescriptorCache cache{8};
  int opened = 0;
  auto opener = [&] {
    ++opened;
    return marked(5);
  };
  int number = -1;
  {
    auto first = cache.get(NodeId{5}, opener).value();
    auto second = cache.get(NodeId{5}, opener).value();
    number = first.get();
    EXPECT_EQ(second.get(), number);
  }
  EXPECT_EQ(cache.get(NodeId{5}, opener)->get(), number);
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(cache.stats().hits, 2U);
  EXPECT_EQ(cache.stats().misses, 1U);
}

TEST(DescriptorCache, an_error_of_the_opener_is_the_answer_and_is_not_kept) {
  DescriptorCache cache{8};
  auto failed = cache.get(NodeId{5}, []() -> Result<Fd> { return fail(ESTALE); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), Errno{ESTALE});
  EXPECT_EQ(mark_of(get(cache, 5).get()), 5);
}

TEST(DescriptorCache, the_least_recently_used_goes_first) {
  DescriptorCache cache{3};
  for (std::uint64_t node : {1, 2, 3}) get(cache, node);
  get(cache, 1);
  get(cache, 4);
  EXPECT_TRUE(cache.find(NodeId{1}));
  EXPECT_FALSE(cache.find(NodeId{2})) << "longest unused";
  EXPECT_TRUE(cache.find(NodeId{3}));
  EXPECT_TRUE(cache.find(NodeId{4}));
  EXPECT_EQ(cache.stats().cached, 3U);
  EXPECT_EQ(cache.stats().evictions, 1U);
}

TEST(DescriptorCache, what_is_borrowed_stays_open_when_it_is_evicted_or_dropped) {
  const std::size_t before = open_descriptors();
  {
    DescriptorCache cache{2};
    auto evicted = get(cache, 1);
    auto dropped = get(cache, 2);
    cache.drop(NodeId{2});
    for (std::uint64_t node = 10; node < 50; ++node) get(cache, node);
    EXPECT_FALSE(cache.find(NodeId{1}));
    EXPECT_EQ(mark_of(evicted.get()), 1);
    EXPECT_EQ(mark_of(dropped.get()), 2);
    EXPECT_EQ(open_descriptors(), before + 4);
    evicted = {};
    EXPECT_EQ(open_descriptors(), before + 3);
    auto moved = std::move(dropped);
    EXPECT_FALSE(dropped);
    EXPECT_EQ(mark_of(moved.get()), 2);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(DescriptorCache, nodes_of_another_generation_are_other_nodes) {
  DescriptorCache cache{8};
  get(cache, 7);
  EXPECT_FALSE(cache.find(NodeId{1ULL << 32 | 7}));
  EXPECT_TRUE(cache.find(NodeId{7}));
}

TEST(DescriptorCache, pins_are_outside_the_bound_and_stay_until_dropped) {
  const std::size_t before = open_descriptors();
  DescriptorCache cache{2};
  for (std::uint64_t node = 100; node < 120; ++node) cache.pin(NodeId{node}, marked(node).value());
  for (std::uint64_t node = 1; node < 10; ++node) get(cache, node);
  EXPECT_EQ(cache.stats().pinned, 20U);
  EXPECT_EQ(cache.stats().cached, 2U);
  EXPECT_EQ(cache.shed(1000), 2U) << "pins are not shed";
  for (std::uint64_t node = 100; node < 120; ++node)
    ASSERT_EQ(mark_of(cache.find(NodeId{node})->get()), static_cast<std::int64_t>(node));
  cache.pin(NodeId{100}, marked(7).value());
  EXPECT_EQ(mark_of(cache.find(NodeId{100})->get()), 7);
  for (std::uint64_t node = 100; node < 120; ++node) cache.drop(NodeId{node});
  EXPECT_EQ(cache.stats().pinned, 0U);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(DescriptorCache, a_cached_descriptor_can_become_a_pinned_one) {
  DescriptorCache cache{2};
  EXPECT_FALSE(cache.pin_cached(NodeId{1}));
  get(cache, 1);
  EXPECT_TRUE(cache.pin_cached(NodeId{1}));
  EXPECT_TRUE(cache.pin_cached(NodeId{1}));
  for (std::uint64_t node = 10; node < 20; ++node) get(cache, node);
  EXPECT_EQ(mark_of(cache.find(NodeId{1})->get()), 1);
  EXPECT_EQ(cache.stats().pinned, 1U);
  EXPECT_EQ(cache.stats().cached, 2U);
}

TEST(DescriptorCache, shedding_closes_the_oldest_that_nobody_borrows) {
  const std::size_t before = open_descriptors();
  DescriptorCache cache{8};
  auto lent = get(cache, 1);
  for (std::uint64_t node = 2; node <= 6; ++node) get(cache, node);
  EXPECT_EQ(cache.shed(2), 2U);
  EXPECT_TRUE(cache.find(NodeId{1})) << "lent: to shed it would free no descriptor";
  EXPECT_FALSE(cache.find(NodeId{2}));
  EXPECT_FALSE(cache.find(NodeId{3}));
  EXPECT_TRUE(cache.find(NodeId{4}));
  EXPECT_EQ(open_descriptors(), before + 4);
  EXPECT_EQ(cache.shed(100), 3U);
}

TEST(DescriptorCache, its_bound_can_be_lowered_and_raised_again_but_not_above_the_first) {
  DescriptorCache cache{8};
  for (std::uint64_t node = 1; node <= 8; ++node) get(cache, node);
  cache.set_capacity(3);
  EXPECT_EQ(cache.stats().cached, 3U);
  EXPECT_TRUE(cache.find(NodeId{8}));
  cache.set_capacity(100);
  EXPECT_EQ(cache.stats().capacity, 8U);
}

TEST(DescriptorCache, without_capacity_it_lends_and_keeps_nothing) {
  const std::size_t before = open_descriptors();
  DescriptorCache cache{0};
  {
    auto lent = get(cache, 3);
    EXPECT_EQ(mark_of(lent.get()), 3);
  }
  EXPECT_FALSE(cache.find(NodeId{3}));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(DescriptorCache, a_second_descriptor_for_the_same_node_is_closed) {
  const std::size_t before = open_descriptors();
  DescriptorCache cache{8};
  auto first = cache.put(NodeId{1}, marked(1).value());
  auto second = cache.put(NodeId{1}, marked(2).value());
  EXPECT_EQ(second.get(), first.get());
  EXPECT_EQ(mark_of(second.get()), 1);
  EXPECT_EQ(open_descriptors(), before + 1);
}

TEST(DescriptorCache, its_usual_capacity_follows_the_descriptor_limit) {
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  rlimit low = old;
  low.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(DescriptorCache::default_capacity(), 32U);
  DescriptorCache cache;
  for (std::uint64_t node = 1; node < 1000; ++node) ASSERT_GE(get(cache, node).get(), 0);
  EXPECT_EQ(cache.stats().cached, 32U);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_LE(DescriptorCache::default_capacity(), 16384U);
}

TEST(DescriptorCache, threads_always_borrow_the_descriptor_they_asked_for) {
  const std::size_t before = open_descriptors();
  {
    DescriptorCache cache{8};
    std::atomic<int> wrong{0};
    auto work = [&](unsigned seed) {
      std::mt19937 random{seed};
      for (int i = 0; i < 5000; ++i) {
        const std::uint64_t node = 1 + random() % 24;
        if (random() % 16 == 0) cache.drop(NodeId{1 + random() % 24});
        if (random() % 64 == 0) cache.pin(NodeId{node}, marked(node).value());
        if (random() % 64 == 0) cache.shed(4);
        if (random() % 64 == 0) cache.set_capacity(random() % 9);
        auto lent = cache.get(NodeId{node}, [&] { return marked(node); });
        if (!lent || mark_of(lent->get()) != static_cast<std::int64_t>(node)) ++wrong;
      }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace sluice::mirror
