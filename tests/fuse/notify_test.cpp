// SPDX-License-Identifier: MIT
// The bytes of notifications, and what kernels say to them.
#include "support.h"

#include "sluice/fuse/notify.h"

namespace sluice::fuse::test {
namespace {

using testkit::KernelProfile;
using wire::NotifyCode;

// Takes anything, and keeps it as it would stand on the wire after the header.
class Sink final : public Connection {
 public:
  Result<std::unique_ptr<Channel>> open_channel() noexcept override { return fail(ENODEV); }
  Result<void> notify(std::int32_t number, std::span<const Bytes> pieces) noexcept override {
    code = number;
    body.clear();
    for (Bytes piece : pieces) body += text_of(piece);
    return {};
  }
  std::int32_t code = 0;
  std::string body;
};

// Little-endian numbers, `width` bytes each.
std::string number(std::uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

struct Notify : testing::Test {
  Sink sink;
  Notifier notifier{sink};
  void expect(NotifyCode code, const std::string& body) {
    EXPECT_EQ(sink.code, static_cast<std::int32_t>(code));
    EXPECT_EQ(sink.body, body);
  }
};

TEST_F(Notify, stale_attributes_keep_the_data) {
  EXPECT_TRUE(notifier.invalidate_attributes(NodeId{7}));
  expect(NotifyCode::inval_inode, number(7, 8) + number(~std::uint64_t{0}, 8) + number(0, 8));
}

TEST_F(Notify, stale_data_has_its_range) {
  EXPECT_TRUE(notifier.invalidate_data(NodeId{7}, 4096, 100));
  expect(NotifyCode::inval_inode, number(7, 8) + number(4096, 8) + number(100, 8));
}

TEST_F(Notify, stale_names_end_with_a_nul_that_is_not_counted) {
  EXPECT_TRUE(notifier.invalidate_entry(NodeId{7}, "abc", Expire::drop));
  expect(NotifyCode::inval_entry, number(7, 8) + number(3, 4) + number(0, 4) + "abc" + '\0');
  EXPECT_TRUE(notifier.invalidate_entry(NodeId{7}, "abc", Expire::next_time));
  expect(NotifyCode::inval_entry, number(7, 8) + number(3, 4) + number(1, 4) + "abc" + '\0');
}

TEST_F(Notify, deleted_names_say_what_they_were) {
  EXPECT_TRUE(notifier.deleted(NodeId{7}, NodeId{8}, "abc"));
  expect(NotifyCode::delete_entry,
         number(7, 8) + number(8, 8) + number(3, 4) + number(0, 4) + "abc" + '\0');
}

TEST_F(Notify, data_is_stored_and_asked_for) {
  EXPECT_TRUE(notifier.store(NodeId{7}, 4096, bytes_of(std::string_view{"data"})));
  expect(NotifyCode::store, number(7, 8) + number(4096, 8) + number(4, 4) + number(0, 4) + "data");
  EXPECT_TRUE(notifier.retrieve(Unique{9}, NodeId{7}, 4096, 100));
  expect(NotifyCode::retrieve,
         number(9, 8) + number(7, 8) + number(4096, 8) + number(100, 4) + number(0, 4));
}

TEST_F(Notify, the_others_carry_what_they_need) {
  EXPECT_TRUE(notifier.wake_poll(11));
  expect(NotifyCode::poll, number(11, 8));
  EXPECT_TRUE(notifier.expire_all());
  expect(NotifyCode::inc_epoch, "");
  EXPECT_TRUE(notifier.resend());
  expect(NotifyCode::resend, "");
  const NodeId nodes[] = {NodeId{3}, NodeId{4}};
  EXPECT_TRUE(notifier.prune(nodes));
  expect(NotifyCode::prune,
         number(2, 4) + number(0, 4) + number(0, 8) + number(3, 8) + number(4, 8));
}

struct OneFile {
  Result<Entry> lookup(const Lookup&) {
    return Entry{NodeId{2}, Attr::regular(NodeId{2}, Mode{0644}, 0), std::chrono::hours{1}};
  }
};

TEST(NotifyKernel, knows_the_nodes_it_holds_and_no_others) {
  Mounted<OneFile> mounted;
  Notifier notifier{mounted.kernel};
  ASSERT_TRUE(mounted.kernel.lookup(kRoot, "a"));
  EXPECT_TRUE(mounted.kernel.cached_attributes(NodeId{2}));
  EXPECT_TRUE(notifier.invalidate_attributes(NodeId{2}));
  EXPECT_FALSE(mounted.kernel.cached_attributes(NodeId{2}));
  EXPECT_EQ(notifier.invalidate_attributes(NodeId{3}).error(), Errno{ENOENT});
  EXPECT_EQ(notifier.invalidate_entry(NodeId{3}, "a", Expire::drop).error(), Errno{ENOENT});
  EXPECT_TRUE(notifier.expire_all());
  testkit::expect_no_breach(mounted.kernel);
}

TEST(NotifyKernel, refuses_what_is_newer_than_itself) {
  Mounted<OneFile> mounted{{.profile = KernelProfile::linux_6_1()}};
  Notifier notifier{mounted.kernel};
  EXPECT_EQ(notifier.expire_all().error(), Errno{EINVAL});
  EXPECT_EQ(notifier.resend().error(), Errno{EINVAL});
  EXPECT_EQ(notifier.prune({}).error(), Errno{EINVAL});
  EXPECT_TRUE(notifier.invalidate_data(kRoot, 0, 0));
}

}  // namespace
}  // namespace sluice::fuse::test
