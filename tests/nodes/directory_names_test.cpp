// SPDX-License-Identifier: MIT
#include "sluice/mirror/directory_names.h"

#include <gtest/gtest.h>

#include "support.h"

namespace sluice::mirror {
namespace {

using test::intern;

NodeId directory(NodeTable& nodes, std::uint64_t number, NodeId parent, std::string_view name) {
  const NodeId node = intern(nodes, number, NodeKind::directory);
  EXPECT_TRUE(nodes.set_name(node, parent, name));
  return node;
}

TEST(DirectoryNames, names_of_every_length_come_back_byte_for_byte) {
  NodeTable nodes = test::table();
  const NodeId node = intern(nodes, 1, NodeKind::directory);
  for (std::size_t length = 1; length <= kMaxNameBytes; ++length) {
    std::string name(length, 'x');
    name.front() = static_cast<char>(0x80 + length % 100);
    name.back() = '\xff';
    ASSERT_TRUE(nodes.set_name(node, NodeId{length << 32 | 7}, name));
    const auto read = nodes.name_of(node);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->name(), name);
    ASSERT_EQ(read->parent, NodeId{length << 32 | 7});
  }
  EXPECT_EQ(nodes.stats().records, 18U) << "10 + 1024 bytes by 60; older names gave theirs back";
  EXPECT_TRUE(nodes.check());
}

TEST(DirectoryNames, refuse_no_name_and_too_long_ones_and_keep_the_old) {
  NodeTable nodes = test::table();
  const NodeId node = directory(nodes, 1, kRoot, "old");
  EXPECT_EQ(nodes.set_name(node, kRoot, "").error(), Errno{EINVAL});
  EXPECT_EQ(nodes.set_name(node, kRoot, std::string(kMaxNameBytes + 1, 'x')).error(),
            Errno{ENAMETOOLONG});
  EXPECT_EQ(nodes.name_of(node)->name(), "old");
}

TEST(DirectoryNames, go_when_cleared_and_when_the_node_is_freed) {
  NodeTable nodes = test::table();
  const NodeId node = directory(nodes, 1, kRoot, std::string(200, 'x'));
  EXPECT_GT(nodes.stats().records, 0U);
  ASSERT_TRUE(nodes.clear_name(node));
  ASSERT_TRUE(nodes.clear_name(node));
  EXPECT_EQ(nodes.name_of(node).error(), Errno{ENODATA});
  EXPECT_EQ(nodes.stats().records, 0U);
  ASSERT_TRUE(nodes.set_name(node, kRoot, std::string(300, 'x')));
  ASSERT_EQ(nodes.forget(node, 1), Forgotten::freed);
  EXPECT_EQ(nodes.stats().records, 0U);
  const NodeId next = intern(nodes, 2, NodeKind::directory);
  EXPECT_EQ(nodes.name_of(next).error(), Errno{ENODATA}) << "the slot's next node has none";
  EXPECT_TRUE(nodes.check());
}

TEST(DirectoryNames, are_not_touched_when_a_file_with_a_backing_goes) {
  NodeTable nodes = test::table();
  const NodeId node = directory(nodes, 1, kRoot, "kept");
  for (std::int32_t backing = 1; backing < 10; ++backing) {
    const NodeId file = intern(nodes, 2);
    ASSERT_TRUE(nodes.set_backing(file, BackingId{backing}));
    ASSERT_EQ(nodes.forget(file, 1), Forgotten::freed);
  }
  EXPECT_EQ(nodes.name_of(node)->name(), "kept");
  EXPECT_EQ(nodes.stats().records, 1U);
  EXPECT_TRUE(nodes.check());
}

TEST(DirectoryNames, a_path_is_built_from_the_root_down) {
  NodeTable nodes = test::table();
  const NodeId a = directory(nodes, 1, kRoot, "a");
  const NodeId b = directory(nodes, 2, a, "bb");
  const NodeId c = directory(nodes, 3, b, "ccc");
  std::array<char, 64> room;
  EXPECT_EQ(nodes.path_of(kRoot, room), "");
  EXPECT_EQ(nodes.path_of(a, room), "a");
  EXPECT_EQ(nodes.path_of(c, room), "a/bb/ccc");
  ASSERT_TRUE(nodes.set_name(b, kRoot, "moved"));
  EXPECT_EQ(nodes.path_of(c, room), "moved/ccc");
}

TEST(DirectoryNames, a_path_that_does_not_fit_or_does_not_reach_the_root_is_an_error) {
  NodeTable nodes = test::table();
  const NodeId a = directory(nodes, 1, kRoot, "a");
  const NodeId b = directory(nodes, 2, a, "bb");
  std::array<char, 4> fits;
  EXPECT_EQ(nodes.path_of(b, fits), "a/bb");
  EXPECT_EQ(nodes.path_of(b, std::span{fits}.first(3)).error(), Errno{ENAMETOOLONG});
  EXPECT_EQ(nodes.path_of(b, {}).error(), Errno{ENAMETOOLONG});
  EXPECT_EQ(nodes.path_of(kRoot, {}), "");
  ASSERT_TRUE(nodes.clear_name(a));
  EXPECT_EQ(nodes.path_of(b, fits).error(), Errno{ENODATA});
  ASSERT_EQ(nodes.forget(a, 1), Forgotten::freed);
  EXPECT_EQ(nodes.path_of(b, fits).error(), Errno{ESTALE});
  const NodeId file = intern(nodes, 9);
  EXPECT_EQ(nodes.path_of(file, fits).error(), Errno{ENOTDIR});
}

TEST(DirectoryNames, directories_that_lie_in_each_other_cost_a_bounded_walk) {
  NodeTable nodes = test::table();
  const NodeId a = intern(nodes, 1, NodeKind::directory);
  const NodeId b = directory(nodes, 2, a, "b");
  ASSERT_TRUE(nodes.set_name(a, b, "a"));
  std::array<char, 4096> room;
  EXPECT_EQ(nodes.path_of(a, room).error(), Errno{ELOOP});
}

}  // namespace
}  // namespace sluice::mirror
