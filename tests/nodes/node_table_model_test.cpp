// SPDX-License-Identifier: MIT
// The node table against a std::map that does the same in the obvious way, and against itself from
// several threads.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

#include "sluice/mirror/node_index.h"
#include "support.h"

namespace sluice::mirror {
namespace {

using Key = std::tuple<std::uint64_t, std::size_t, std::uint16_t, std::uint16_t, std::uint16_t>;

struct Expected {
  Key key;
  std::uint64_t nlookup = 0;
  std::uint32_t opens = 0;
  bool indexed = true;
  NodeKind kind = NodeKind::regular;
  std::string name;
};

class Model {
 public:
  explicit Model(unsigned seed) : random_{seed} {}

  void step() {
    switch (below(10)) {
      case 0: case 1: case 2: return intern();
      case 3: case 4: return forget();
      case 5: return open();
      case 6: return close();
      case 7: return rekey_or_detach();
      case 8: return rename();
      default: return look();
    }
  }

  void compare_all() {
    ASSERT_TRUE(nodes_.check());
    ASSERT_EQ(nodes_.stats().nodes, model_.size() + 1);
    for (const auto& [node, expected] : model_) compare(node, expected);
    for (NodeId node : gone_) ASSERT_EQ(nodes_.read(node).error(), Errno{ESTALE});
  }

  // Drops the table and goes on with its memory.
  void attach() {
    Fd memory = nodes_.memory().duplicate().value();
    nodes_ = test::table();
    nodes_ = NodeTable::attach(std::move(memory)).value();
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  static LowerHandle handle_of(const Key& key) {
    return test::handle(std::get<0>(key), std::get<1>(key), std::get<2>(key));
  }
  static NodeKeyExtra extra_of(const Key& key) {
    return {Grant{std::get<3>(key)}, FaceEpoch{std::get<4>(key)}};
  }

  Key random_key() {
    constexpr std::size_t kLengths[] = {8, 12, 20, 32, 128};
    const std::uint64_t number = below(2000);
    return {number, kLengths[number % 5], static_cast<std::uint16_t>(below(2)),
            static_cast<std::uint16_t>(below(2)), static_cast<std::uint16_t>(below(2))};
  }

  std::map<NodeId, Expected>::iterator any() {
    auto at = model_.lower_bound(NodeId{below(64) << 32 | below(4000)});
    return at == model_.end() ? model_.begin() : at;
  }

  void intern() {
    const Key key = random_key();
    const NodeKind kind = std::get<0>(key) % 7 == 0 ? NodeKind::directory : NodeKind::regular;
    const auto node = nodes_.intern(handle_of(key), extra_of(key), std::get<0>(key), kind);
    ASSERT_TRUE(node);
    auto known = by_key_.find(key);
    if (known != by_key_.end()) {
      ASSERT_EQ(*node, known->second);
    } else {
      ASSERT_FALSE(model_.contains(*node));
      ASSERT_FALSE(gone_.contains(*node)) << "a nodeid came back";
      by_key_[key] = *node;
      model_[*node] = {.key = key, .kind = kind, .name = {}};
    }
    ++model_[*node].nlookup;
  }

  void erase_if_unused(std::map<NodeId, Expected>::iterator at, Forgotten answer) {
    const bool freed = at->second.nlookup == 0 && at->second.opens == 0;
    ASSERT_EQ(answer, freed ? Forgotten::freed : Forgotten::still_known);
    if (!freed) return;
    if (at->second.indexed) by_key_.erase(at->second.key);
    gone_.insert(at->first);
    model_.erase(at);
  }

  void forget() {
    if (model_.empty()) return;
    auto at = any();
    const std::uint64_t count = 1 + below(4);
    const auto answer = nodes_.forget(at->first, count);
    ASSERT_TRUE(answer);
    if (count > at->second.nlookup) ++underflows_;
    at->second.nlookup -= std::min(count, at->second.nlookup);
    erase_if_unused(at, *answer);
    ASSERT_EQ(nodes_.stats().underflows, underflows_);
  }

  void open() {
    if (model_.empty()) return;
    auto at = any();
    ASSERT_EQ(nodes_.add_open(at->first), ++at->second.opens);
  }

  void close() {
    if (model_.empty()) return;
    auto at = any();
    const auto answer = nodes_.remove_open(at->first);
    ASSERT_TRUE(answer);
    if (at->second.opens == 0) {
      ++underflows_;
      return;
    }
    ASSERT_EQ(answer->opens, --at->second.opens);
    erase_if_unused(at, answer->node);
  }

  void rekey_or_detach() {
    if (model_.empty()) return;
    auto at = any();
    if (below(4) == 0) {
      ASSERT_TRUE(nodes_.detach(at->first));
      if (at->second.indexed) by_key_.erase(at->second.key);
      at->second.indexed = false;
      return;
    }
    Key key = at->second.key;
    std::get<3>(key) = static_cast<std::uint16_t>(below(3));
    std::get<4>(key) = static_cast<std::uint16_t>(below(3));
    const auto answer = nodes_.rekey(at->first, extra_of(key));
    auto other = by_key_.find(key);
    if (at->second.indexed && other != by_key_.end() && other->second != at->first) {
      ASSERT_EQ(answer.error(), Errno{EEXIST});
      return;
    }
    ASSERT_TRUE(answer);
    if (at->second.indexed) {
      by_key_.erase(at->second.key);
      by_key_[key] = at->first;
    }
    at->second.key = key;
  }

  void rename() {
    if (model_.empty()) return;
    auto at = any();
    std::string name(1 + below(300), static_cast<char>('a' + below(26)));
    const auto answer = nodes_.set_name(at->first, kRoot, name);
    if (at->second.kind != NodeKind::directory) {
      ASSERT_EQ(answer.error(), Errno{ENOTDIR});
      return;
    }
    ASSERT_TRUE(answer);
    at->second.name = std::move(name);
  }

  void look() {
    const Key key = random_key();
    const auto found = nodes_.find(handle_of(key), extra_of(key));
    auto known = by_key_.find(key);
    ASSERT_EQ(found.has_value(), known != by_key_.end());
    if (!found) return;
    ASSERT_EQ(*found, known->second);
    compare(*found, model_[*found]);
  }

  void compare(NodeId node, const Expected& expected) {
    const auto view = nodes_.read(node);
    ASSERT_TRUE(view);
    ASSERT_TRUE(view->handle == handle_of(expected.key));
    ASSERT_EQ(view->extra, extra_of(expected.key));
    ASSERT_EQ(view->ino, std::get<0>(expected.key));
    ASSERT_EQ(view->nlookup, expected.nlookup);
    ASSERT_EQ(view->opens, expected.opens);
    ASSERT_EQ(view->kind, expected.kind);
    ASSERT_EQ(view->flags.has(NodeFlag::detached), !expected.indexed);
    if (expected.name.empty()) return;
    ASSERT_EQ(nodes_.name_of(node)->name(), expected.name);
  }

  std::mt19937_64 random_;
  NodeTable nodes_ = test::table();
  std::map<NodeId, Expected> model_;
  std::map<Key, NodeId> by_key_;
  std::set<NodeId> gone_;
  std::uint64_t underflows_ = 0;
};

TEST(NodeTableModel, a_hundred_thousand_random_steps_agree_with_a_map) {
  Model model{20240501};
  for (int i = 0; i < 100000; ++i) {
    model.step();
    if (testing::Test::HasFatalFailure()) FAIL() << "at step " << i;
    if (i % 10000 == 9999) {
      model.compare_all();
      if (testing::Test::HasFatalFailure()) FAIL() << "at step " << i;
    }
    if (i % 25000 == 24999) model.attach();
  }
  model.compare_all();
}

// Whoever knows the table's secret can put everything into one bucket; even then all is found, and
// the bucket comes apart as the table grows.
TEST(NodeTableModel, handles_that_all_fall_into_one_bucket_are_all_found) {
  NodeTable nodes = test::table();
  auto file = MemoryFile::attach(nodes.memory().duplicate().value(), kNodeFormat, kNodeSections);
  ASSERT_TRUE(file);
  const HashKey key = reinterpret_cast<const NodeHeader*>(file->owner())->hash_key;
  std::vector<std::uint64_t> same;
  for (std::uint64_t number = 0; same.size() < 300; ++number) {
    const LowerHandle lower = test::handle(number);
    const NodeKey whole = key_of(lower, {});
    if (node_hash(key, whole.fixed, whole.handle) % 1024 == 3) same.push_back(number);
  }
  std::map<std::uint64_t, NodeId> made;
  for (std::uint64_t number : same) made[number] = test::intern(nodes, number);
  EXPECT_TRUE(nodes.check());
  for (std::uint64_t number = 1; number <= 5000; ++number)
    test::intern(nodes, number << 40);  // the buckets are split meanwhile
  EXPECT_GT(nodes.stats().buckets, 10000U);
  EXPECT_TRUE(nodes.check());
  for (auto [number, node] : made) ASSERT_EQ(nodes.find(test::handle(number), {}), node);
  for (auto [number, node] : made) ASSERT_EQ(nodes.forget(node, 1), Forgotten::freed);
  EXPECT_TRUE(nodes.check());
}

TEST(NodeTableModel, threads_agree_on_who_is_who_and_nothing_is_lost) {
  constexpr int kThreads = 4;
  constexpr int kSteps = 20000;
  NodeTable nodes = test::table();
  std::atomic<int> wrong{0};
  auto work = [&](unsigned seed) {
    std::mt19937 random{seed};
    std::vector<NodeId> mine;
    std::array<char, 256> room;
    for (int i = 0; i < kSteps; ++i) {
      const std::uint64_t number = random() % 500;
      const bool directory = number % 2 == 0;
      const auto kind = directory ? NodeKind::directory : NodeKind::regular;
      auto node = nodes.intern(test::handle(number), {}, number, kind);
      auto view = node ? nodes.read(*node) : Result<NodeView>{fail(EIO)};
      // This thread's lookup keeps the node, so it must be the one that was asked for.
      if (!view || view->ino != number || !(view->handle == test::handle(number))) ++wrong;
      if (!node) continue;
      if (directory && !nodes.set_name(*node, kRoot, "name")) ++wrong;
      if (directory && nodes.path_of(*node, room) != "name") ++wrong;
      if (!nodes.add_open(*node)) ++wrong;
      mine.push_back(*node);
      if (mine.size() < 50) continue;
      for (NodeId old : mine) {
        if (!nodes.forget(old, 1) || !nodes.remove_open(old)) ++wrong;
      }
      mine.clear();
    }
    for (NodeId old : mine) {
      if (!nodes.remove_open(old) || !nodes.forget(old, 1)) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (int i = 0; i < 200; ++i) {
    (void)nodes.stats();
    std::array<NodeId, 64> room;
    (void)nodes.list(0, room);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(nodes.stats().nodes, 1U);
  EXPECT_EQ(nodes.stats().underflows, 0U);
  EXPECT_EQ(nodes.stats().records, 0U);
  EXPECT_TRUE(nodes.check());
}

}  // namespace
}  // namespace sluice::mirror
