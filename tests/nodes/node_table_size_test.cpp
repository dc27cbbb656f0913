// SPDX-License-Identifier: MIT
// What a node costs in memory, and what outlives the table's object.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <new>
#include <vector>

#include "support.h"

namespace sluice::mirror {
namespace {

thread_local std::size_t allocations = 0;

}  // namespace
}  // namespace sluice::mirror

// Counts what this program allocates, to show that the request path does not.
void* operator new(std::size_t size) {
  ++sluice::mirror::allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace sluice::mirror {
namespace {

constexpr std::uint64_t kNodes = 200000;

std::uint64_t real_bytes(const NodeTable& nodes) {
  struct stat status {};
  EXPECT_EQ(::fstat(nodes.memory().get(), &status), 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

TEST(NodeTableSize, a_node_of_a_local_file_system_takes_at_most_96_bytes_all_included) {
  // ext4 8 bytes, xfs and tmpfs 12, btrfs 20.
  for (std::size_t length : {std::size_t{8}, std::size_t{12}, std::size_t{20}}) {
    NodeTable nodes = test::table();
    for (std::uint64_t i = 0; i < kNodes; ++i)
      ASSERT_TRUE(nodes.intern(test::handle(i, length), {}, i, NodeKind::regular));
    const NodeStats stats = nodes.stats();
    EXPECT_EQ(stats.nodes, kNodes + 1);
    EXPECT_LE(stats.bytes, 96 * kNodes);
    EXPECT_EQ(stats.bytes, real_bytes(nodes)) << "what is told is what the kernel counts";
    EXPECT_EQ(stats.long_handles, 0U);
    EXPECT_GE(stats.buckets, kNodes);
    RecordProperty("bytes_per_node", static_cast<int>(stats.bytes / kNodes));
  }
}

TEST(NodeTableSize, named_directories_and_long_handles_take_one_record_more) {
  NodeTable nodes = test::table();
  for (std::uint64_t i = 0; i < kNodes; ++i) {
    auto node = nodes.intern(test::handle(i, 32), {}, i, NodeKind::directory);
    ASSERT_TRUE(node);
    if (i % 10 != 0) continue;
    ASSERT_TRUE(nodes.set_name(*node, kRoot, "a_name_of_usual_length"));
  }
  EXPECT_EQ(nodes.stats().long_handles, kNodes);
  EXPECT_EQ(nodes.stats().records, kNodes + kNodes / 10);
  EXPECT_LE(nodes.stats().bytes, (96 + 64 + 7) * kNodes);
  EXPECT_EQ(nodes.stats().bytes, real_bytes(nodes));
}

TEST(NodeTableSize, freed_nodes_are_used_again_before_memory_is_taken) {
  NodeTable nodes = test::table();
  std::uint64_t after_first = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<NodeId> made;
    for (std::uint64_t i = 0; i < 50000; ++i) {
      made.push_back(nodes.intern(test::handle(i, 40), {}, i, NodeKind::directory).value());
      ASSERT_TRUE(nodes.set_name(made.back(), kRoot, "directory"));
    }
    for (NodeId node : made) ASSERT_EQ(nodes.forget(node, 1), Forgotten::freed);
    if (round == 0) after_first = nodes.stats().bytes;
  }
  EXPECT_EQ(nodes.stats().bytes, after_first);
  EXPECT_EQ(nodes.stats().records, 0U);
  EXPECT_TRUE(nodes.check());
}

TEST(NodeTableSize, no_operation_allocates) {
  NodeTable nodes = test::table();
  std::array<char, 128> room;
  const LowerHandle lower = test::handle(1, 40);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    const NodeId node = nodes.intern(lower, {}, 1, NodeKind::directory).value();
    EXPECT_TRUE(nodes.set_name(node, kRoot, "name"));
    EXPECT_TRUE(nodes.find(lower, {}));
    EXPECT_TRUE(nodes.read(node));
    EXPECT_TRUE(nodes.path_of(node, room));
    EXPECT_TRUE(nodes.add_open(node));
    EXPECT_TRUE(nodes.remove_open(node));
    EXPECT_EQ(nodes.forget(node, 1), Forgotten::freed);
  }
  EXPECT_EQ(allocations, before);
}

TEST(NodeTableAttach, a_successor_finds_every_node_by_handle_and_by_nodeid) {
  Fd memory;
  std::vector<NodeId> made;
  NodeId dead = kNoNode;
  {
    NodeTable nodes = test::table();
    for (std::uint64_t i = 0; i < 20000; ++i)
      made.push_back(nodes.intern(test::handle(i, i % 2 == 0 ? 20 : 48), {Grant{3}, {}}, i,
                                  i % 5 == 0 ? NodeKind::directory : NodeKind::regular).value());
    dead = made.back();
    ASSERT_EQ(nodes.forget(dead, 1), Forgotten::freed);
    made.pop_back();
    ASSERT_TRUE(nodes.set_name(made[5], kRoot, "five"));
    ASSERT_TRUE(nodes.set_backing(made[6], BackingId{66}));
    ASSERT_TRUE(nodes.add_open(made[6]));
    nodes.mount_records().mounts[0] = {.id = 1, .device = 2};
    memory = nodes.memory().duplicate().value();
  }
  NodeTable nodes = NodeTable::attach(std::move(memory)).value();
  EXPECT_TRUE(nodes.check());
  EXPECT_EQ(nodes.stats().nodes, made.size() + 1);
  EXPECT_EQ(nodes.find(test::root_handle(), {}), kRoot);
  for (std::uint64_t i = 0; i < made.size(); ++i) {
    const LowerHandle lower = test::handle(i, i % 2 == 0 ? 20 : 48);
    ASSERT_EQ(nodes.find(lower, {Grant{3}, {}}), made[i]);
    ASSERT_TRUE(nodes.read(made[i])->handle == lower);
  }
  EXPECT_EQ(nodes.name_of(made[5])->name(), "five");
  EXPECT_EQ(nodes.read(made[6])->backing, BackingId{66});
  EXPECT_EQ(nodes.read(made[6])->opens, 1U);
  EXPECT_EQ(nodes.mount_records().mounts[0].device, 2U);
  EXPECT_EQ(nodes.read(dead).error(), Errno{ESTALE});
  EXPECT_NE(test::intern(nodes, 99999), dead) << "generations outlive the process too";
}

TEST(NodeTableAttach, a_node_that_died_while_it_was_freed_does_not_give_its_nodeid_away) {
  NodeTable nodes = test::table();
  const NodeId half_freed = test::intern(nodes, 5);
  const NodeId other = test::intern(nodes, 6);
  {
    auto file = MemoryFile::attach(nodes.memory().duplicate().value(), kNodeFormat, kNodeSections);
    ASSERT_TRUE(file);
    reinterpret_cast<NodeSlot*>(file->base(kSlots))[raw(half_freed)].nlookup = 0;
    reinterpret_cast<NodeHeader*>(file->owner())->changing = 1;
  }
  nodes = NodeTable::attach(nodes.memory().duplicate().value()).value();
  EXPECT_TRUE(nodes.check());
  EXPECT_EQ(nodes.read(half_freed).error(), Errno{ESTALE});
  EXPECT_EQ(nodes.find(test::handle(6), {}), other);
  EXPECT_NE(test::intern(nodes, 7), half_freed);
  EXPECT_EQ(nodes.forget(half_freed, 1).error(), Errno{ESTALE}) << "a FORGET that is done again";
}

TEST(NodeTableAttach, refuses_another_kind_of_file_and_counts_that_reach_too_far) {
  auto other = MemoryFile::create({.name = "nodes-test",
                                   .format = kNodeFormat + 1,
                                   .sections = kNodeSections,
                                   .max_bytes = 1 << 24});
  EXPECT_EQ(NodeTable::attach(other->fd().duplicate().value()).error(), Errno{EINVAL});

  for (int field = 0; field < 3; ++field) {
    NodeTable nodes = test::table();
    auto file = MemoryFile::attach(nodes.memory().duplicate().value(), kNodeFormat, kNodeSections);
    auto* header = reinterpret_cast<NodeHeader*>(file->owner());
    if (field == 0) header->slots_used_to = 0xfffffff0;
    if (field == 1) header->buckets = 0xfffffff0;
    if (field == 2) header->records.used_to = 0xfffffff0;
    const auto again = NodeTable::attach(nodes.memory().duplicate().value());
    ASSERT_FALSE(again) << field;
    EXPECT_EQ(again.error(), Errno{EINVAL});
  }
}

}  // namespace
}  // namespace sluice::mirror
