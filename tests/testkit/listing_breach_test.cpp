// SPDX-License-Identifier: MIT
// Listings that the library's writers would not write. A server without the library answers here:
// a thread that reads from the kernel's channel and writes bytes of its own.
#include <sys/stat.h>

#include <algorithm>
#include <thread>

#include "sluice/fuse/codec.h"
#include "sluice/fuse/dispatch.h"
#include "sluice/testkit/expect.h"

namespace {

using namespace sluice;
using namespace sluice::fuse;
using testkit::expect_breach;
using testkit::Kernel;

std::vector<std::byte> dirent(std::string_view name) {
  std::vector<std::byte> room(4096);
  wire::Writer out{MutableBytes{room}};
  wire::Dirent fixed{};
  fixed.ino = 5;
  fixed.off = 1;
  fixed.namelen = static_cast<std::uint32_t>(name.size());
  EXPECT_TRUE(out.put_record(fixed, name));
  room.resize(out.size());
  return room;
}

std::vector<std::byte> direntplus(std::string_view name, std::uint64_t node) {
  std::vector<std::byte> room(4096);
  wire::Writer out{MutableBytes{room}};
  wire::Direntplus fixed{};
  fixed.entry_out = encode(Entry{NodeId{node}, Attr::directory(NodeId{node}, Mode{0755}), {}});
  fixed.dirent.off = 1;
  fixed.dirent.namelen = static_cast<std::uint32_t>(name.size());
  EXPECT_TRUE(out.put_record(fixed, name));
  room.resize(out.size());
  return room;
}

class ListingBreach : public testing::Test {
 protected:
  // Sends a listing request that nobody serves, and answers it with `bytes`.
  template <class Op>
  Result<std::vector<testkit::Listed>> list(const std::vector<std::byte>& bytes) {
    std::thread server{[&] {
      auto channel = kernel_.open_channel();
      auto exchange = (*channel)->next();
      ASSERT_TRUE(exchange);
      std::ranges::copy(bytes, (*exchange)->reply.begin());
      EXPECT_EQ((*channel)->commit(**exchange, 0, bytes.size()), Delivery::taken);
    }};
    const testkit::File dir{kRoot, {}, 0, {}, 0};
    auto listed =
        std::is_same_v<Op, ReadDir> ? kernel_.readdir(dir, 0) : kernel_.readdirplus(dir, 0);
    server.join();
    return listed;
  }

  // With threads, but none of them started: requests wait until a test takes them.
  Kernel kernel_{{.threads = 1}};
};

TEST_F(ListingBreach, an_orderly_listing_makes_none) {
  auto listed = list<ReadDir>(dirent("a"));
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->at(0).name, "a");
  expect_no_breach(kernel_);
}

TEST_F(ListingBreach, a_name_with_a_slash) {
  EXPECT_FALSE(list<ReadDir>(dirent("a/b")));
  expect_breach(kernel_, "`a/b`");
}

TEST_F(ListingBreach, a_name_of_no_length) {
  EXPECT_FALSE(list<ReadDir>(dirent("")));
  expect_breach(kernel_, "no length");
}

TEST_F(ListingBreach, an_entry_that_is_cut_off) {
  auto bytes = dirent("a long enough name");
  bytes.resize(bytes.size() - 8);
  auto listed = list<ReadDir>(bytes);
  ASSERT_TRUE(listed);
  EXPECT_TRUE(listed->empty());
  expect_breach(kernel_, "within an entry");
}

TEST_F(ListingBreach, a_lookup_counted_for_a_dot) {
  EXPECT_TRUE(list<ReadDirPlus>(direntplus(".", 9)));
  expect_breach(kernel_, "counted a lookup");
  EXPECT_EQ(kernel_.lookups(NodeId{9}), 0U);
}

TEST_F(ListingBreach, an_entry_counts_its_lookup) {
  EXPECT_TRUE(list<ReadDirPlus>(direntplus("d", 9)));
  expect_no_breach(kernel_);
  EXPECT_EQ(kernel_.lookups(NodeId{9}), 1U);
}

}  // namespace
