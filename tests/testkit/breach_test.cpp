// SPDX-License-Identifier: MIT
// Every way in which a server can break the protocol is noticed, by a server that does each.
#include <fcntl.h>

#include <functional>

#include "sluice/fuse/dispatch.h"
#include "sluice/testkit/expect.h"

namespace {

using namespace sluice;
using namespace sluice::fuse;
using testkit::expect_breach;
using testkit::expect_no_breach;
using testkit::Kernel;
using testkit::KernelProfile;
using wire::OpenOutFlag;

Entry entry(std::uint64_t node, std::uint32_t mode) {
  Attr attr = Attr::regular(NodeId{node}, Mode{0644}, 0);
  attr.mode = mode;
  return Entry{NodeId{node}, attr, std::chrono::hours{1}};
}

// Answers whatever a test puts here; at first everything is in order.
struct Rogue {
  Entry found = entry(2, S_IFREG | 0644);
  Entry made = entry(3, S_IFDIR | 0755);
  Created created{entry(4, S_IFREG | 0644), {}};
  Attr attr = Attr::directory(kRoot, Mode{0755});
  Opened opened;
  std::uint32_t written = 0;
  std::function<void(DirWriter&, std::uint64_t)> list;
  std::string names;
  int releases = 0;

  Result<Entry> lookup(const Lookup&) { return found; }
  Result<Entry> make_dir(const MakeDir&) { return made; }
  Result<Created> create(const Create&) { return created; }
  Result<AttrReply> get_attr(const GetAttr&) { return AttrReply{attr, std::chrono::hours{1}}; }
  Result<Opened> open(const Open&) { return opened; }
  Result<Opened> open_dir(const OpenDir&) { return opened; }
  Result<Written> write(const Write&) { return Written{written}; }
  Result<void> read_dir(const ReadDir& op, DirWriter& out) {
    if (list) list(out, op.offset);
    return {};
  }
  Result<XattrData> list_xattr(const ListXattr&, ReadBuffer& out) {
    return out.value(bytes_of(std::string_view{names}));
  }
  Result<void> release(const Release&) {
    ++releases;
    return {};
  }
};

class Breach : public testing::Test {
 protected:
  Breach() { EXPECT_TRUE(kernel_.mount(session_)); }
  void expect_eio(const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), Errno{EIO});
  }
  Rogue fs_;
  Session session_{file_system_of(fs_)};
  Kernel kernel_;
};

TEST_F(Breach, an_orderly_server_makes_none) {
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  auto file = kernel_.open(NodeId{2}, O_RDONLY);
  ASSERT_TRUE(file);
  kernel_.close(*file);
  kernel_.unmount();
  expect_no_breach(kernel_);
}

TEST_F(Breach, success_without_a_node_where_one_is_due) {
  fs_.made = Entry::negative(std::chrono::seconds{1});
  expect_eio(kernel_.mkdir(kRoot, "d", 0755));
  expect_breach(kernel_, "without a node");
  fs_.created.entry.node = kNoNode;
  expect_eio(kernel_.create(kRoot, "a", O_RDWR, 0644));
  expect_breach(kernel_, "without a node");
  EXPECT_EQ(fs_.releases, 0) << "Linux loses that open file";
  fs_.found = Entry::negative(std::chrono::seconds{1});
  EXPECT_EQ(kernel_.lookup(kRoot, "none").error(), Errno{ENOENT});
  expect_no_breach(kernel_);
}

TEST_F(Breach, the_root_as_a_name_of_something) {
  fs_.found = entry(1, S_IFDIR | 0755);
  expect_eio(kernel_.lookup(kRoot, "a"));
  expect_breach(kernel_, "root");
}

TEST_F(Breach, a_mode_without_a_type) {
  fs_.found = entry(2, 0644);
  expect_eio(kernel_.lookup(kRoot, "a"));
  expect_breach(kernel_, "file type");
}

TEST_F(Breach, a_size_that_is_negative) {
  fs_.found.attr.size = ~std::uint64_t{0};
  expect_eio(kernel_.lookup(kRoot, "a"));
  expect_breach(kernel_, "negative size");
}

TEST_F(Breach, a_time_past_its_second) {
  fs_.found.attr.mtime.nanoseconds = 1'000'000'000;
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  expect_breach(kernel_, "time");
}

TEST_F(Breach, another_type_than_was_made) {
  fs_.made = entry(3, S_IFREG | 0644);
  expect_eio(kernel_.mkdir(kRoot, "d", 0755));
  expect_breach(kernel_, "another file type");
}

TEST_F(Breach, another_type_than_before) {
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  fs_.attr = entry(2, S_IFDIR | 0755).attr;
  expect_eio(kernel_.getattr(NodeId{2}));
  expect_breach(kernel_, "than before");
}

TEST_F(Breach, another_generation_while_the_node_is_in_use) {
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  fs_.found.generation = 1;
  static_cast<void>(kernel_.lookup(kRoot, "a"));
  expect_breach(kernel_, "generation");
  kernel_.forget(NodeId{2}, 2);
  fs_.found.generation = 2;
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  expect_no_breach(kernel_);
}

TEST_F(Breach, a_directory_that_has_two_names_at_once) {
  fs_.found = entry(2, S_IFDIR | 0755);
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  ASSERT_TRUE(kernel_.lookup(kRoot, "b")) << "it may have been moved";
  expect_no_breach(kernel_);
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  expect_breach(kernel_, "also has the name");
}

TEST_F(Breach, a_node_that_was_forgotten_is_served) {
  fs_.attr = entry(2, S_IFREG | 0644).attr;
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  kernel_.forget(NodeId{2});
  ASSERT_TRUE(kernel_.getattr(NodeId{2}));
  expect_breach(kernel_, "does not know");
}

TEST_F(Breach, more_written_than_there_was) {
  ASSERT_TRUE(kernel_.lookup(kRoot, "a"));
  auto file = kernel_.open(NodeId{2}, O_WRONLY);
  fs_.written = 6;
  expect_eio(kernel_.write(*file, 0, "hello"));
  expect_breach(kernel_, "more than");
}

TEST_F(Breach, a_listing_that_comes_back_to_where_it_was) {
  fs_.list = [](DirWriter& out, std::uint64_t) { static_cast<void>(out.add("a", 2, S_IFREG, 7)); };
  auto dir = kernel_.opendir(kRoot);
  expect_eio(kernel_.list(*dir));
  expect_breach(kernel_, "came back");
}

TEST_F(Breach, names_of_attributes_that_do_not_end) {
  fs_.names = "user.a";
  expect_eio(kernel_.listxattr(kRoot));
  expect_breach(kernel_, "NUL");
}

// Replies that the library would not write, straight into the kernel's channel.
class Replies : public testing::Test {
 protected:
  // A GETATTR of 104 bytes that has been read.
  Replies() {
    message_->header.opcode = raw(Opcode::getattr);
    message_->header.unique = 2;
    message_->header.nodeid = 1;
    traffic_.begin(message_);
  }
  void expect_breach_with(std::string_view part) {
    const auto lines = breaches_.take();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find(part), std::string::npos) << lines[0];
  }
  testkit::Breaches breaches_;
  testkit::Traffic traffic_{breaches_};
  std::shared_ptr<testkit::Message> message_ = std::make_shared<testkit::Message>();
  std::vector<std::byte> room_ = std::vector<std::byte>(4096);
};

TEST_F(Replies, of_the_right_length_is_taken) {
  EXPECT_EQ(traffic_.answer(2, 0, Bytes{room_}.first(104)), Delivery::taken);
  EXPECT_EQ(message_->error, 0);
  EXPECT_TRUE(breaches_.all().empty());
}

TEST_F(Replies, of_any_other_length_is_malformed_and_eio) {
  EXPECT_EQ(traffic_.answer(2, 0, Bytes{room_}.first(103)), Delivery::malformed);
  EXPECT_EQ(message_->error, EIO);
  expect_breach_with("wrong length");
}

TEST_F(Replies, to_nothing_is_refused) {
  EXPECT_EQ(traffic_.answer(4, 0, {}), Delivery::refused);
  expect_breach_with("waits for none");
}

TEST_F(Replies, that_comes_twice_is_refused) {
  EXPECT_EQ(traffic_.answer(2, ENOENT, {}), Delivery::taken);
  EXPECT_EQ(traffic_.answer(2, ENOENT, {}), Delivery::refused);
  expect_breach_with("waits for none");
}

TEST_F(Replies, with_an_error_out_of_range_is_malformed) {
  EXPECT_EQ(traffic_.answer(2, 512, {}), Delivery::malformed);
  EXPECT_EQ(message_->error, EIO);
  expect_breach_with("out of range");
}

TEST_F(Replies, with_a_negative_error_is_malformed) {
  EXPECT_EQ(traffic_.answer(2, -ENOENT, {}), Delivery::malformed);
  expect_breach_with("out of range");
}

TEST_F(Replies, with_an_error_and_a_body_is_malformed) {
  EXPECT_EQ(traffic_.answer(2, ENOENT, Bytes{room_}.first(104)), Delivery::malformed);
  expect_breach_with("body");
}

TEST_F(Replies, to_a_forget_is_a_breach) {
  auto forget = std::make_shared<testkit::Message>();
  forget->header.opcode = raw(Opcode::forget);
  forget->header.unique = 6;
  traffic_.begin(forget);
  EXPECT_EQ(traffic_.answer(6, 0, {}), Delivery::refused);
  expect_breach_with("waits for none");
}

TEST_F(Replies, to_an_interrupt_says_eagain_or_enosys) {
  ASSERT_NE(traffic_.interrupt(2), nullptr);
  EXPECT_EQ(traffic_.answer(3, EAGAIN, {}), Delivery::taken);
  EXPECT_TRUE(breaches_.all().empty());
  EXPECT_EQ(traffic_.asked_again(), 1U);
  static_cast<void>(traffic_.answer(3, EINTR, {}));
  expect_breach_with("INTERRUPT");
}

TEST_F(Replies, of_eagain_to_an_interrupt_brings_it_again_until_the_request_is_answered) {
  traffic_.repeat_interrupts();
  ASSERT_NE(traffic_.interrupt(2), nullptr);
  EXPECT_EQ(traffic_.answer(3, EAGAIN, {}), Delivery::taken);
  auto again = traffic_.take();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->header.unique, 3U);
  EXPECT_EQ(traffic_.answer(2, EINTR, {}), Delivery::taken);
  EXPECT_EQ(traffic_.answer(3, EAGAIN, {}), Delivery::refused);
  traffic_.end(testkit::Traffic::How::unmount);
  EXPECT_EQ(traffic_.take().error(), Errno{ENODEV});
}

TEST_F(Replies, that_is_dropped_ends_the_caller_with_eio) {
  traffic_.dropped(2);
  EXPECT_EQ(message_->error, EIO);
  expect_breach_with("dropped");
}

TEST_F(Replies, that_never_comes_ends_with_the_kernels_patience) {
  traffic_.set_patience(std::chrono::milliseconds{10});
  traffic_.wait(*message_);
  EXPECT_EQ(message_->error, ETIMEDOUT);
  expect_breach_with("never answered");
}

// What INIT takes is judged as well.
struct Takes {
  Flags<InitFlag> flags;
  std::uint32_t depth = 0;
  Result<void, Error> init(Terms& terms) {
    terms.offered.flags = terms.offered.flags | flags;  // claims that they were offered
    terms.wanted = terms.wanted | flags;
    terms.max_stack_depth = depth;
    return {};
  }
};

void expect_init_breach(Flags<InitFlag> flags, std::uint32_t depth, std::string_view part) {
  Takes fs{flags, depth};
  Session session{file_system_of(fs)};
  Kernel kernel{{.profile = KernelProfile::linux_6_18()}};
  EXPECT_TRUE(kernel.mount(session));
  expect_breach(kernel, part);
}

TEST(InitBreach, flags_that_were_not_offered) {
  expect_init_breach(InitFlag::map_alignment, 0, "not offered");
}

TEST(InitBreach, passthrough_without_a_depth) {
  expect_init_breach(InitFlag::passthrough, 0, "stack depth");
  expect_init_breach(InitFlag::passthrough, 3, "stack depth");
}

TEST(InitBreach, passthrough_beside_the_writeback_cache) {
  expect_init_breach({InitFlag::passthrough, InitFlag::writeback_cache}, 1, "exclude");
}

}  // namespace
