// SPDX-License-Identifier: MIT
// One id and one mode for each node, whatever opens and closes come in which order.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <map>
#include <thread>
#include <vector>

#include "sluice/backing/backings.h"
#include "sluice/backing/shares.h"
#include "sluice/wire/ioctls.h"

namespace sluice::backing {
namespace {

// A device that hands out ids and counts, and refuses when told to.
class Device final : public Control {
 public:
  Result<int> ioctl(unsigned long request, void* argument) noexcept override {
    if (request == wire::kIocBackingOpen) {
      if (refusal != 0) return fail(Errno::from(refusal));
      ++open;
      return ++last;
    }
    if (request == wire::kIocBackingClose) {
      --open;
      closed = *static_cast<std::uint32_t*>(argument);
      return 0;
    }
    return fail(ENOTTY);
  }
  int refusal = 0;
  int open = 0;
  int last = 0;
  std::uint32_t closed = 0;
};

class Book final : public Ledger {
 public:
  Result<Record> read(NodeId node) noexcept override {
    if (gone.contains(node)) return fail(ESTALE);
    return records[node];
  }
  Result<void> set_id(NodeId node, BackingId id) noexcept override {
    records[node].id = id;
    return {};
  }
  Result<void> add_open(NodeId node) noexcept override {
    ++records[node].opens;
    return {};
  }
  Result<Record> remove_open(NodeId node) noexcept override {
    if (records[node].opens == 0) return fail(ESTALE);
    --records[node].opens;
    return records[node];
  }
  std::map<NodeId, Record> records;
  std::map<NodeId, bool> gone;
};

class SharesTest : public ::testing::Test {
 protected:
  Device device_;
  Book book_;
  Registrar registrar_{device_, Abi::mainline, Credentials::as_they_are};
  Shares shares_{registrar_, book_};
  Fd lower_{::memfd_create("lower", MFD_CLOEXEC)};
  static constexpr NodeId kNode{7};
};

TEST_F(SharesTest, all_opens_of_a_node_name_one_id_that_goes_with_the_last) {
  const auto first = shares_.open(kNode, &lower_);
  const auto second = shares_.open(kNode, &lower_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(device_.open, 1);
  shares_.close(kNode);
  EXPECT_EQ(device_.open, 1);
  shares_.close(kNode);
  EXPECT_EQ(device_.open, 0);
  EXPECT_EQ(device_.closed, static_cast<std::uint32_t>(raw(first->id)));
}

TEST_F(SharesTest, a_node_that_is_served_stays_served_until_all_is_closed) {
  EXPECT_EQ(shares_.open(kNode, nullptr)->id, kNoBacking);
  EXPECT_EQ(shares_.open(kNode, &lower_)->id, kNoBacking);
  shares_.close(kNode);
  EXPECT_EQ(shares_.open(kNode, &lower_)->id, kNoBacking);
  shares_.close(kNode);
  shares_.close(kNode);
  EXPECT_NE(shares_.open(kNode, &lower_)->id, kNoBacking);
}

TEST_F(SharesTest, a_node_that_passes_through_does_so_for_who_asks_to_be_served_too) {
  const auto first = shares_.open(kNode, &lower_);
  EXPECT_EQ(shares_.open(kNode, nullptr)->id, first->id);
}

TEST_F(SharesTest, a_refused_registration_concerns_that_file_alone) {
  device_.refusal = ELOOP;
  const auto refused = shares_.open(kNode, &lower_);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->id, kNoBacking);
  EXPECT_EQ(refused->refusal, Errno{ELOOP});
  device_.refusal = 0;
  EXPECT_NE(shares_.open(NodeId{8}, &lower_)->id, kNoBacking);
  EXPECT_EQ(shares_.open(kNode, &lower_)->id, kNoBacking);
}

TEST_F(SharesTest, closing_what_is_not_open_does_nothing) {
  shares_.close(kNode);
  EXPECT_EQ(device_.open, 0);
  EXPECT_NE(shares_.open(kNode, &lower_)->id, kNoBacking);
}

TEST_F(SharesTest, a_node_that_is_gone_is_stale) {
  book_.gone[kNode] = true;
  EXPECT_EQ(shares_.open(kNode, &lower_).error(), Errno{ESTALE});
  EXPECT_EQ(device_.open, 0);
}

class BackingsTest : public ::testing::Test {
 protected:
  static wire::InitOffer mainline() {
    wire::InitOffer offer;
    offer.minor = 41;
    offer.flags.set(wire::InitFlag::passthrough);
    return offer;
  }
  Device device_;
  Backings backings_{device_};
  Fd lower_{::memfd_create("lower", MFD_CLOEXEC)};
};

TEST_F(BackingsTest, a_node_has_one_id_until_its_last_file_is_closed) {
  EXPECT_EQ(backings_.choose(mainline()).abi, Abi::mainline);
  const auto first = backings_.open(NodeId{2}, lower_);
  const auto second = backings_.open(NodeId{2}, lower_);
  const auto other = backings_.open(NodeId{3}, lower_);
  ASSERT_TRUE(first && second && other);
  EXPECT_EQ(first->id, second->id);
  EXPECT_NE(first->id, other->id);
  EXPECT_EQ(device_.open, 2);
  backings_.close(NodeId{2});
  EXPECT_EQ(device_.open, 2);
  backings_.close(NodeId{2});
  EXPECT_EQ(device_.open, 1);
  backings_.close(NodeId{3});
  backings_.close(NodeId{3});  // one too many does nothing
  EXPECT_EQ(device_.open, 0);
}

TEST_F(BackingsTest, a_kernel_without_an_interface_gives_the_reason_and_no_ids) {
  const Choice& choice = backings_.choose({});
  EXPECT_EQ(choice.abi, Abi::none);
  EXPECT_FALSE(choice.why_not.empty());
  const auto mode = backings_.open(NodeId{2}, lower_);
  ASSERT_TRUE(mode);
  EXPECT_EQ(mode->id, kNoBacking);
  EXPECT_TRUE(mode->refusal.has_value());
  EXPECT_EQ(device_.open, 0);
}

}  // namespace
}  // namespace sluice::backing
