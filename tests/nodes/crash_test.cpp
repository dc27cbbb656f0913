// SPDX-License-Identifier: MIT
// A process that works on the table is killed at any point, and its successor goes on: whatever
// was half done, the table holds together, and nodes that nobody touched are what they were.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>
#include <vector>

#include "support.h"

namespace sluice::mirror {
namespace {

constexpr std::uint64_t kQuiet = 1000;

// The table's memory as it lies in the file, beside the table's own mapping of it.
Result<MemoryFile> memory_of(const NodeTable& nodes) {
  return MemoryFile::attach(TRY(nodes.memory().duplicate()), kNodeFormat, kNodeSections);
}

LowerHandle busy_handle(std::uint64_t number) {
  return test::handle(1000000 + number, number % 3 == 0 ? 60 : 20);
}

// Works for ever, on nodes above kQuiet.
[[noreturn]] void work(NodeTable& nodes, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<NodeId> mine;
  for (;;) {
    const std::uint64_t number = random() % 100000;
    auto node = nodes.intern(busy_handle(number), {}, number, NodeKind::directory);
    if (!node) ::_exit(1);
    mine.push_back(*node);
    const std::string name(1 + random() % 200, 'n');
    if (!nodes.set_name(*node, kRoot, name)) ::_exit(2);
    const Grant grant{static_cast<std::uint16_t>(random() % 9)};
    if (random() % 4 == 0) (void)nodes.rekey(*node, {grant, {}});
    if (mine.size() < 3000) continue;
    for (NodeId old : mine) {
      if (!nodes.forget(old, 1)) ::_exit(3);
    }
    mine.clear();
  }
}

TEST(NodeTableCrash, a_table_whose_user_was_killed_anywhere_holds_together) {
  NodeTable nodes = test::table();
  std::vector<NodeId> quiet;
  for (std::uint64_t i = 0; i < kQuiet; ++i) quiet.push_back(test::intern(nodes, i));
  std::mt19937 random{7};
  int repaired = 0;
  for (unsigned round = 0; round < 60; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) work(nodes, round);
    std::this_thread::sleep_for(std::chrono::microseconds{2000 + random() % 8000});
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the worker saw an error: " << status;

    {
      auto file = memory_of(nodes);
      ASSERT_TRUE(file);
      repaired += reinterpret_cast<const NodeHeader*>(file->owner())->changing != 0;
    }
    // The parent's own object knows nothing of the chunks that the child added: it goes.
    nodes = NodeTable::attach(nodes.memory().duplicate().value()).value();
    ASSERT_TRUE(nodes.check()) << "round " << round;
    for (std::uint64_t i = 0; i < kQuiet; ++i) {
      ASSERT_EQ(nodes.find(test::handle(i), {}), quiet[i]);
      ASSERT_EQ(nodes.read(quiet[i])->nlookup, 1U);
    }
  }
  RecordProperty("repaired", repaired);
  EXPECT_GT(repaired, 0) << "no kill hit a change: the test shows nothing";
}

// Not what a crash leaves, but what a bug might: bytes anywhere are wrong. It may cost nodes and
// answers, but neither a crash nor a walk without an end.
TEST(NodeTableCrash, a_damaged_table_gives_wrong_answers_at_worst) {
  std::mt19937 random{11};
  for (int round = 0; round < 200; ++round) {
    NodeTable nodes = test::table();
    std::vector<NodeId> made;
    for (std::uint64_t i = 0; i < 300; ++i) {
      made.push_back(nodes.intern(busy_handle(i), {}, i, NodeKind::directory).value());
      ASSERT_TRUE(nodes.set_name(made.back(), kRoot, std::string(1 + i, 'n')));
    }
    {
      auto file = memory_of(nodes);
      ASSERT_TRUE(file);
      const std::size_t used[] = {300 * 64, 1024 * 4, 900 * 64};
      for (int i = 0; i < 100; ++i) {
        const std::size_t section = random() % 3;
        const auto value = static_cast<unsigned char>(random());
        file->base(section)[random() % used[section]] = std::byte{value};
      }
      reinterpret_cast<NodeHeader*>(file->owner())->changing = static_cast<unsigned>(round) % 2;
    }
    nodes = NodeTable::attach(nodes.memory().duplicate().value()).value();
    (void)nodes.check();
    std::array<char, 4096> room;
    for (std::uint64_t i = 0; i < made.size(); ++i) {
      (void)nodes.read(made[i]);
      (void)nodes.path_of(made[i], room);
      (void)nodes.find(busy_handle(i), {});
      (void)nodes.intern(busy_handle(i * 2), {}, i, NodeKind::directory);
      (void)nodes.set_name(made[i], kRoot, "other");
      (void)nodes.rekey(made[i], {Grant{2}, {}});
      (void)nodes.forget(made[i], 1 + random() % 2);
    }
    EXPECT_LE(nodes.stats().bytes, std::uint64_t{2} << 20) << "it does not grow without bound";
  }
}

}  // namespace
}  // namespace sluice::mirror
