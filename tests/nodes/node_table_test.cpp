// SPDX-License-Identifier: MIT
#include "sluice/mirror/node_table.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "sluice/mirror/node_hash.h"
#include "support.h"

namespace sluice::mirror {
namespace {

using test::handle;
using test::intern;
using test::root_handle;

TEST(NodeHash, agrees_with_the_reference_vectors_of_siphash_2_4) {
  constexpr HashKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::array<std::byte, 15> text;
  for (unsigned i = 0; i < text.size(); ++i) text[i] = std::byte{static_cast<unsigned char>(i)};
  EXPECT_EQ((SipHash<2, 4>{kKey}.finish(text)), 0xa129ca6149be45e5U);
  EXPECT_EQ((SipHash<2, 4>{kKey}.finish({})), 0x726fdb47dd0e0e31U);
  SipHash<2, 4> by_word{kKey};
  by_word.word(0x0706050403020100);
  EXPECT_EQ(by_word.finish(Bytes{text}.subspan(8)), 0xa129ca6149be45e5U);
}

TEST(NodeTable, the_root_is_node_one_and_cannot_be_forgotten) {
  NodeTable nodes = test::table();
  EXPECT_EQ(nodes.find(root_handle(), {}), kRoot);
  EXPECT_TRUE(nodes.read(kRoot)->is_directory());
  EXPECT_EQ(nodes.forget(kRoot, 1000), Forgotten::still_known);
  EXPECT_TRUE(nodes.read(kRoot));
  EXPECT_TRUE(nodes.set_root(root_handle(), 2)) << "the same root again";
  EXPECT_EQ(nodes.set_root(handle(4), 4).error(), Errno{EEXIST});
}

TEST(NodeTable, nothing_is_interned_before_the_root_and_nothing_without_a_handle) {
  NodeTable nodes = NodeTable::create().value();
  EXPECT_EQ(nodes.read(kRoot).error(), Errno{ESTALE});
  EXPECT_EQ(nodes.intern(handle(1), {}, 1, NodeKind::regular).error(), Errno{EINVAL});
  ASSERT_TRUE(nodes.set_root(root_handle(), 2));
  EXPECT_EQ(nodes.intern({}, {}, 1, NodeKind::regular).error(), Errno{EINVAL});
  EXPECT_EQ(nodes.intern(handle(1, 20, kMaxMounts), {}, 1, NodeKind::regular).error(),
            Errno{EINVAL});
  EXPECT_TRUE(nodes.intern(handle(1, 20, kMaxMounts - 1), {}, 1, NodeKind::regular));
}

TEST(NodeTable, gives_back_all_it_was_told) {
  NodeTable nodes = test::table();
  for (std::size_t length : {std::size_t{8}, std::size_t{20}, std::size_t{21}, std::size_t{32},
                             std::size_t{60}, std::size_t{61}, std::size_t{128}}) {
    const LowerHandle lower = handle(7, length, 1023);
    const NodeKeyExtra extra{Grant{65535}, FaceEpoch{513}};
    const NodeId node = nodes.intern(lower, extra, 1ULL << 60, NodeKind::symlink).value();
    ASSERT_TRUE(nodes.set_place(node, Place{0xfffffffe}));
    ASSERT_TRUE(nodes.set_backing(node, BackingId{77}));
    const NodeView view = nodes.read(node).value();
    EXPECT_EQ(view.id, node);
    EXPECT_TRUE(view.handle == lower) << length;
    EXPECT_EQ(view.ino, 1ULL << 60);
    EXPECT_EQ(view.nlookup, 1U);
    EXPECT_EQ(view.opens, 0U);
    EXPECT_EQ(view.backing, BackingId{77});
    EXPECT_EQ(view.place, Place{0xfffffffe});
    EXPECT_EQ(view.extra, extra);
    EXPECT_EQ(view.kind, NodeKind::symlink);
    EXPECT_TRUE(view.flags.none());
  }
  EXPECT_EQ(nodes.stats().long_handles, 5U);
  EXPECT_TRUE(nodes.check());
}

TEST(NodeTable, identities_and_stand_ins_come_back_as_what_they_are) {
  NodeTable nodes = test::table();
  const LowerHandle lower = LowerHandle::stand_in(9, 4).on(MountIndex{3});
  const NodeId node = nodes.intern(lower, {}, 9, NodeKind::regular).value();
  EXPECT_TRUE(nodes.read(node)->handle == lower);
  EXPECT_TRUE(nodes.read(node)->handle.identity_only());
  auto real = LowerHandle::from(lower.type(), lower.bytes(), LowerHandle::Grade::real).value();
  EXPECT_EQ(nodes.find(real.on(MountIndex{3}), {}).error(), Errno{ENOENT});
}

TEST(NodeTable, every_part_of_the_key_tells_nodes_apart) {
  NodeTable nodes = test::table();
  std::set<NodeId> seen;
  auto add = [&](const LowerHandle& lower, NodeKeyExtra extra) {
    const NodeId node = nodes.intern(lower, extra, 5, NodeKind::regular).value();
    EXPECT_TRUE(seen.insert(node).second);
    EXPECT_EQ(nodes.find(lower, extra), node);
  };
  const LowerHandle lower = handle(5);
  constexpr auto kReal = LowerHandle::Grade::real;
  add(lower, {});
  add(lower, {Grant{1}, {}});
  add(lower, {{}, FaceEpoch{1}});
  add(lower.on(MountIndex{1}), {});
  add(LowerHandle::from(2, lower.bytes(), kReal).value(), {});
  add(LowerHandle::from(1, lower.bytes(), LowerHandle::Grade::identity_only).value(), {});
  add(LowerHandle::from(1, lower.bytes().first(19), kReal).value(), {});
  add(handle(5, 40), {});
  add(handle(5, 41), {});
  EXPECT_EQ(nodes.stats().nodes, seen.size() + 1);
}

TEST(NodeTable, the_same_file_is_the_same_node_and_each_lookup_counts) {
  NodeTable nodes = test::table();
  const NodeId node = intern(nodes, 5);
  EXPECT_EQ(intern(nodes, 5), node);
  EXPECT_EQ(intern(nodes, 5), node);
  EXPECT_EQ(nodes.read(node)->nlookup, 3U);
  EXPECT_EQ(nodes.find(handle(5), {}), node);
  EXPECT_EQ(nodes.read(node)->nlookup, 3U) << "find counts nothing";
  EXPECT_EQ(nodes.forget(node, 2), Forgotten::still_known);
  EXPECT_EQ(nodes.forget(node, 1), Forgotten::freed);
  EXPECT_EQ(nodes.find(handle(5), {}).error(), Errno{ENOENT});
}

TEST(NodeTable, a_nodeid_of_the_past_is_stale_and_never_another_file) {
  NodeTable nodes = test::table();
  std::set<NodeId> ever;
  NodeId old = kNoNode;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const NodeId node = intern(nodes, i);
    EXPECT_TRUE(ever.insert(node).second) << "nodeids are not used twice";
    EXPECT_EQ(static_cast<std::uint32_t>(raw(node)), 2U) << "the slot is";
    if (old != kNoNode) {
      EXPECT_EQ(nodes.read(old).error(), Errno{ESTALE});
      EXPECT_EQ(nodes.forget(old, 1).error(), Errno{ESTALE});
      EXPECT_EQ(nodes.add_open(old).error(), Errno{ESTALE});
      EXPECT_EQ(nodes.remove_open(old).error(), Errno{ESTALE});
      EXPECT_EQ(nodes.set_backing(old, BackingId{1}).error(), Errno{ESTALE});
      EXPECT_EQ(nodes.detach(old).error(), Errno{ESTALE});
    }
    EXPECT_EQ(nodes.forget(node, 1), Forgotten::freed);
    old = node;
  }
  EXPECT_EQ(nodes.stats().nodes, 1U);
  EXPECT_EQ(nodes.stats().strays, 2 * 999U);
}

TEST(NodeTable, nodeids_that_never_were_are_stale) {
  NodeTable nodes = test::table();
  for (std::uint64_t wild : {0ULL, 2ULL, 1ULL << 32, (1ULL << 32) + 1, 0xffffffffULL, ~0ULL,
                             1ULL << 63, 0x7fffffff00000001ULL}) {
    EXPECT_EQ(nodes.read(NodeId{wild}).error(), Errno{ESTALE}) << wild;
    EXPECT_EQ(nodes.forget(NodeId{wild}, 1).error(), Errno{ESTALE}) << wild;
    EXPECT_EQ(nodes.set_name(NodeId{wild}, kRoot, "x").error(), Errno{ESTALE}) << wild;
  }
}

TEST(NodeTable, too_many_forgets_are_clamped_and_counted) {
  NodeTable nodes = test::table();
  const NodeId node = intern(nodes, 5);
  ASSERT_EQ(nodes.add_open(node), 1U);
  EXPECT_EQ(nodes.forget(node, ~0ULL), Forgotten::still_known) << "it is open";
  EXPECT_EQ(nodes.stats().underflows, 1U);
  EXPECT_EQ(nodes.read(node)->nlookup, 0U);
  EXPECT_EQ(nodes.forget(node, 1), Forgotten::still_known);
  EXPECT_EQ(nodes.stats().underflows, 2U);
  EXPECT_EQ(nodes.remove_open(node)->node, Forgotten::freed);
  const NodeId other = intern(nodes, 6);
  EXPECT_EQ(nodes.forget(other, 2), Forgotten::freed);
  EXPECT_EQ(nodes.stats().underflows, 3U);
  EXPECT_TRUE(nodes.check());
}

TEST(NodeTable, an_open_node_outlives_its_last_forget_and_can_be_looked_up_again) {
  NodeTable nodes = test::table();
  const NodeId node = intern(nodes, 5);
  EXPECT_EQ(nodes.add_open(node), 1U);
  EXPECT_EQ(nodes.add_open(node), 2U);
  EXPECT_EQ(nodes.forget(node, 1), Forgotten::still_known);
  EXPECT_EQ(nodes.remove_open(node)->opens, 1U);
  EXPECT_EQ(intern(nodes, 5), node) << "looked up again while open";
  auto closed = nodes.remove_open(node);
  EXPECT_EQ(closed->opens, 0U);
  EXPECT_EQ(closed->node, Forgotten::still_known);
  EXPECT_EQ(nodes.remove_open(node)->opens, 0U) << "one close too many";
  EXPECT_EQ(nodes.stats().underflows, 1U);
  EXPECT_EQ(nodes.forget(node, 1), Forgotten::freed);
}

TEST(NodeTable, lookups_are_counted_beyond_32_bits) {
  NodeTable nodes = test::table();
  const NodeId node = intern(nodes, 5);
  for (int i = 0; i < 9; ++i) intern(nodes, 5);
  EXPECT_EQ(nodes.forget(node, (1ULL << 32) + 9), Forgotten::freed)
      << "not taken for a forget of 9";
}

TEST(NodeTable, another_kind_of_file_under_a_known_handle_is_another_node) {
  NodeTable nodes = test::table();
  const NodeId file = intern(nodes, 5, NodeKind::regular);
  const NodeId directory = intern(nodes, 5, NodeKind::directory);
  EXPECT_NE(file, directory);
  EXPECT_TRUE(nodes.read(file)->flags.has(NodeFlag::detached));
  EXPECT_EQ(nodes.find(handle(5), {}), directory);
  EXPECT_EQ(nodes.forget(file, 1), Forgotten::freed);
  EXPECT_EQ(nodes.find(handle(5), {}), directory);
  EXPECT_TRUE(nodes.check());
}

TEST(NodeTable, a_detached_node_lives_by_its_nodeid_alone) {
  NodeTable nodes = test::table();
  const NodeId old = intern(nodes, 5);
  ASSERT_TRUE(nodes.detach(old));
  ASSERT_TRUE(nodes.detach(old));
  EXPECT_EQ(nodes.find(handle(5), {}).error(), Errno{ENOENT});
  const NodeId fresh = intern(nodes, 5);
  EXPECT_NE(fresh, old);
  EXPECT_TRUE(nodes.read(old)->handle == handle(5));
  EXPECT_TRUE(nodes.rekey(old, {Grant{1}, {}})) << "whatever key it would have";
  EXPECT_TRUE(nodes.check());
  EXPECT_EQ(nodes.forget(old, 1), Forgotten::freed);
  EXPECT_EQ(nodes.find(handle(5), {}), fresh);
  EXPECT_TRUE(nodes.check());
}

TEST(NodeTable, rekeying_moves_a_node_and_never_onto_another) {
  NodeTable nodes = test::table();
  const NodeKeyExtra one{Grant{1}, FaceEpoch{1}};
  const NodeId node = intern(nodes, 5);
  ASSERT_TRUE(nodes.rekey(node, one));
  EXPECT_EQ(nodes.find(handle(5), one), node);
  EXPECT_EQ(nodes.find(handle(5), {}).error(), Errno{ENOENT});
  const NodeId other = intern(nodes, 5);
  EXPECT_NE(other, node);
  EXPECT_EQ(nodes.rekey(other, one).error(), Errno{EEXIST});
  EXPECT_TRUE(nodes.rekey(other, {})) << "onto itself";
  EXPECT_EQ(nodes.find(handle(5), {}), other);
  EXPECT_TRUE(nodes.check());
}

TEST(NodeTable, directories_have_no_backing_and_files_have_no_name) {
  NodeTable nodes = test::table();
  const NodeId directory = intern(nodes, 5, NodeKind::directory);
  const NodeId file = intern(nodes, 6);
  EXPECT_EQ(nodes.set_backing(directory, BackingId{1}).error(), Errno{EISDIR});
  EXPECT_EQ(nodes.set_name(file, kRoot, "x").error(), Errno{ENOTDIR});
  EXPECT_EQ(nodes.name_of(file).error(), Errno{ENOTDIR});
  EXPECT_EQ(nodes.clear_name(file).error(), Errno{ENOTDIR});
  ASSERT_TRUE(nodes.set_unlinked(file));
  EXPECT_TRUE(nodes.read(file)->flags.has(NodeFlag::unlinked));
  EXPECT_EQ(nodes.find(handle(6), {}), file) << "an unlinked file is still the same file";
}

TEST(NodeTable, lists_every_node_once_in_batches) {
  NodeTable nodes = test::table();
  std::set<NodeId> expected{kRoot};
  for (std::uint64_t i = 0; i < 10000; ++i) {
    const NodeId node = intern(nodes, i);
    if (i % 3 == 0) {
      ASSERT_TRUE(nodes.forget(node, 1));
    } else {
      expected.insert(node);
    }
  }
  std::set<NodeId> listed;
  std::array<NodeId, 100> room;
  std::uint32_t cursor = 0;
  do {
    const auto batch = nodes.list(cursor, room);
    for (NodeId node : batch.nodes) EXPECT_TRUE(listed.insert(node).second);
    cursor = batch.next;
  } while (cursor != 0);
  EXPECT_EQ(listed, expected);
}

TEST(NodeTable, at_its_limit_it_says_enomem_keeps_what_it_has_and_goes_on_when_there_is_room) {
  NodeTable nodes = test::table({.max_bytes = 8 * MemoryFile::kStepBytes});
  std::vector<NodeId> made;
  for (std::uint64_t i = 0;; ++i) {
    ASSERT_LT(i, 100000U) << "the limit holds";
    // Long handles take from the same limit.
    auto node = nodes.intern(handle(i, i % 4 == 0 ? 100 : 20), {}, i, NodeKind::regular);
    if (!node) {
      EXPECT_EQ(node.error(), Errno{ENOMEM});
      break;
    }
    made.push_back(*node);
  }
  EXPECT_GT(made.size(), 3000U);
  EXPECT_TRUE(nodes.check());
  for (std::uint64_t i = 0; i < made.size(); ++i)
    ASSERT_EQ(nodes.find(handle(i, i % 4 == 0 ? 100 : 20), {}), made[i]);
  for (NodeId node : made) ASSERT_EQ(nodes.forget(node, 1), Forgotten::freed);
  EXPECT_TRUE(nodes.check());
  for (std::uint64_t i = 0; i < made.size(); ++i)
    ASSERT_TRUE(nodes.intern(handle(i, i % 4 == 0 ? 100 : 20), {}, i, NodeKind::regular));
}

}  // namespace
}  // namespace sluice::mirror
