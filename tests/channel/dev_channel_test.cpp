// SPDX-License-Identifier: MIT
// DevChannel over a socket that plays the device: the bytes that come and go, whatever they are.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <future>
#include <set>

#include "sluice/channel/dev_connection.h"
#include "sluice/fuse/dispatch.h"
#include "sluice/fuse/notify.h"
#include "sluice/fuse/workers.h"
#include "sluice/testkit/socket_kernel.h"

namespace sluice::channel {
namespace {

using namespace std::chrono_literals;
using fuse::Delivery;
using testkit::SocketKernel;
using wire::InHeader;
using wire::Opcode;

constexpr std::size_t kMaxWrite = 128U << 10;

struct Files {
  std::mutex mutex;
  std::condition_variable all_here;
  int inside = 0;
  int together = 1;  // how many READs meet before any is answered
  std::vector<std::string> written;
  std::optional<fuse::Reply<fuse::Done>> kept;
  std::atomic<int> undone{0};

  Result<void, Error> init(fuse::Terms& terms) {
    terms.max_write = kMaxWrite;
    return {};
  }
  Result<fuse::Entry> lookup(const fuse::Lookup& op) {
    if (op.name != "a") return fail(ENOENT);
    return fuse::Entry{NodeId{2}, fuse::Attr::regular(NodeId{2}, fuse::Mode{0644}, 5), 1s};
  }
  Result<fuse::Data> read(const fuse::Read& op, fuse::ReadBuffer& out) {
    std::unique_lock lock{mutex};
    ++inside;
    all_here.notify_all();
    if (!all_here.wait_for(lock, 10s, [this] { return inside >= together; }))
      return fail(ETIMEDOUT);
    return out.slice_of("answer " + std::to_string(op.offset), 0);
  }
  Result<fuse::Written> write(const fuse::Write& op) {
    std::lock_guard lock{mutex};
    written.emplace_back(text_of(op.data));
    return fuse::Written{static_cast<std::uint32_t>(op.data.size())};
  }
  void set_lock_wait(const fuse::SetLockWait&, fuse::Reply<fuse::Done> reply) {
    std::lock_guard lock{mutex};
    kept.emplace(std::move(reply));
    all_here.notify_all();
  }
  void undelivered(const fuse::Lookup&, const fuse::Entry&) { ++undone; }
};

// A session that workers serve over the socket, initialised.
class DevChannelTest : public testing::Test {
 protected:
  DevChannelTest() {
    ::signal(SIGPIPE, SIG_IGN);
    auto made = DevConnection::make(kernel_.take_device(), {.max_write = kMaxWrite});
    connection_ = std::move(*made);
  }
  void serve(int threads) {
    server_ = std::async(std::launch::async, [this, threads] {
      return fuse::serve(session_, *connection_,
                         {.limit = threads, .keep_idle = threads, .start = {}});
    });
    ASSERT_TRUE(kernel_.init());
  }
  void TearDown() override {
    if (!server_.valid()) return;
    kernel_.unmount();
    ASSERT_EQ(server_.wait_for(10s), std::future_status::ready);
    EXPECT_TRUE(server_.get());
  }

  void send(Opcode opcode, std::uint64_t unique, Bytes body) {
    InHeader header{};
    header.opcode = raw(opcode);
    header.unique = unique;
    header.nodeid = 1;
    EXPECT_TRUE(kernel_.send(header, body));
  }
  void lookup(std::uint64_t unique, std::string_view name) {
    std::string text{name};
    send(Opcode::lookup, unique, bytes_of(std::string_view{text.c_str(), text.size() + 1}));
  }
  void read(std::uint64_t unique, std::uint64_t offset) {
    wire::ReadIn in{};
    in.size = 100;
    in.offset = offset;
    send(Opcode::read, unique, bytes_of(in));
  }
  SocketKernel::Packet receive() {
    auto packet = kernel_.receive();
    EXPECT_TRUE(packet) << name(packet ? Errno{EIO} : packet.error());
    if (!packet) return {};
    EXPECT_EQ(packet->header.len, packet->size);
    return *packet;
  }

  SocketKernel kernel_ = *SocketKernel::make();
  Files fs_;
  fuse::Session session_{fuse::file_system_of(fs_)};
  std::unique_ptr<DevConnection> connection_;
  std::future<Result<void>> server_;
};

TEST_F(DevChannelTest, a_request_is_answered_under_its_unique) {
  serve(1);
  lookup(42, "a");
  const auto reply = receive();
  EXPECT_EQ(reply.header.unique, 42U);
  EXPECT_EQ(reply.header.error, 0);
  ASSERT_EQ(reply.body.size(), sizeof(wire::EntryOut));
  wire::EntryOut entry{};
  std::memcpy(&entry, reply.body.data(), sizeof(entry));
  EXPECT_EQ(entry.nodeid, 2U);
}

TEST_F(DevChannelTest, an_error_is_a_negative_number_and_no_body) {
  serve(1);
  lookup(44, "none");
  const auto reply = receive();
  EXPECT_EQ(reply.header.error, -ENOENT);
  EXPECT_EQ(reply.size, sizeof(wire::OutHeader));
}

TEST_F(DevChannelTest, a_resent_request_is_answered_with_its_bit) {
  serve(1);
  lookup(46 | wire::kResendBit, "a");
  EXPECT_EQ(receive().header.unique, 46 | wire::kResendBit);
}

TEST_F(DevChannelTest, a_length_that_lies_costs_one_eio) {
  serve(1);
  for (std::uint32_t length : {0U, 39U, 41U, 0xffffffffU}) {
    InHeader header{};
    header.len = length;
    header.opcode = raw(Opcode::lookup);
    header.unique = 48;
    EXPECT_TRUE(kernel_.send_packet(bytes_of(header)));
    const auto reply = receive();
    EXPECT_EQ(reply.header.unique, 48U);
    EXPECT_EQ(reply.header.error, -EIO);
  }
  EXPECT_EQ(session_.malformed(), 4U);
  lookup(50, "a");
  EXPECT_EQ(receive().header.error, 0);
}

TEST_F(DevChannelTest, a_packet_too_short_for_a_header_is_dropped) {
  serve(1);
  const std::vector<std::byte> noise(sizeof(InHeader) - 1);
  for (std::size_t size = 1; size < sizeof(InHeader); ++size) {
    EXPECT_TRUE(kernel_.send_packet(Bytes{noise}.first(size)));
  }
  lookup(52, "a");
  EXPECT_EQ(receive().header.unique, 52U);
  EXPECT_EQ(session_.malformed(), sizeof(InHeader) - 1);
}

TEST_F(DevChannelTest, a_request_without_an_answer_gets_none) {
  serve(1);
  const wire::ForgetIn forget{1};
  send(Opcode::forget, 54, bytes_of(forget));
  lookup(56, "a");
  EXPECT_EQ(receive().header.unique, 56U);
}

TEST_F(DevChannelTest, the_largest_write_arrives_whole) {
  serve(1);
  std::string data(kMaxWrite, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i % 251);
  wire::WriteIn in{};
  in.size = static_cast<std::uint32_t>(data.size());
  std::vector<std::byte> body(bytes_of(in).begin(), bytes_of(in).end());
  const Bytes bytes = bytes_of(std::string_view{data});
  body.insert(body.end(), bytes.begin(), bytes.end());
  send(Opcode::write, 58, body);
  EXPECT_EQ(receive().header.error, 0);
  ASSERT_EQ(fs_.written.size(), 1U);
  EXPECT_TRUE(fs_.written[0] == data);
}

TEST_F(DevChannelTest, a_reply_that_is_refused_is_undone) {
  serve(1);
  kernel_.refuse_replies();
  lookup(60, "a");
  for (int i = 0; i < 5000 && fs_.undone == 0; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(fs_.undone, 1);
}

TEST_F(DevChannelTest, a_later_reply_comes_when_it_is_given) {
  serve(1);
  send(Opcode::setlkw, 62, bytes_of(wire::LkIn{}));
  lookup(64, "a");
  EXPECT_EQ(receive().header.unique, 64U) << "nobody waits for the one that waits";
  std::unique_lock lock{fs_.mutex};
  ASSERT_TRUE(fs_.kept.has_value());
  EXPECT_EQ(fs_.kept->answer(), Delivery::taken);
  const auto reply = receive();
  EXPECT_EQ(reply.header.unique, 62U);
  EXPECT_EQ(reply.size, sizeof(wire::OutHeader));
}

TEST_F(DevChannelTest, a_later_reply_carries_its_body) {
  const std::string body = "a body";
  auto channel = connection_->open_channel();
  ASSERT_TRUE(channel);
  lookup(66, "a");
  auto exchange = (*channel)->next();
  ASSERT_TRUE(exchange);
  auto pending = (*channel)->detach(**exchange);
  ASSERT_TRUE(pending);
  EXPECT_EQ((*pending)->commit(0, bytes_of(std::string_view{body})), Delivery::taken);
  const auto reply = receive();
  EXPECT_EQ(reply.header.unique, 66U);
  EXPECT_EQ(text_of(reply.body), body);
}

TEST_F(DevChannelTest, notifications_have_unique_0_and_their_code) {
  fuse::Notifier notifier{*connection_};
  EXPECT_TRUE(notifier.invalidate_entry(NodeId{7}, "abc", fuse::Expire::drop));
  const auto packet = receive();
  EXPECT_EQ(packet.header.unique, 0U);
  EXPECT_EQ(packet.header.error, static_cast<std::int32_t>(wire::NotifyCode::inval_entry));
  ASSERT_EQ(packet.body.size(), sizeof(wire::NotifyInvalEntryOut) + 4);
  EXPECT_EQ(text_of(packet.body).substr(sizeof(wire::NotifyInvalEntryOut)),
            std::string_view("abc\0", 4));
  EXPECT_TRUE(notifier.expire_all());
  EXPECT_EQ(receive().size, sizeof(wire::OutHeader));
}

TEST_F(DevChannelTest, a_notification_that_nobody_takes_is_an_error) {
  kernel_.unmount();
  fuse::Notifier notifier{*connection_};
  EXPECT_FALSE(notifier.expire_all());
}

TEST_F(DevChannelTest, two_channels_serve_at_once_and_do_not_mix) {
  serve(2);
  fs_.together = 2;
  read(70, 1);
  read(72, 2);
  std::set<std::pair<std::uint64_t, std::string>> replies;
  for (int i = 0; i < 2; ++i) {
    const auto reply = receive();
    replies.emplace(reply.header.unique, text_of(reply.body));
  }
  EXPECT_EQ(replies,
            (std::set<std::pair<std::uint64_t, std::string>>{{70, "answer 1"}, {72, "answer 2"}}));
}

TEST_F(DevChannelTest, requests_lie_in_the_memory_file_one_place_for_each_channel) {
  auto first = connection_->open_channel();
  auto second = connection_->open_channel();
  ASSERT_TRUE(first && second);
  struct stat stat {};
  ASSERT_EQ(::fstat(connection_->request_file().get(), &stat), 0);
  const off_t both = stat.st_size;
  EXPECT_GE(both, static_cast<off_t>(2 * kMaxWrite));
  lookup(74, "findme");
  ASSERT_TRUE((*second)->next());
  std::string file(static_cast<std::size_t>(both), '\0');
  ASSERT_EQ(::pread(connection_->request_file().get(), file.data(), file.size(), 0), both);
  const std::size_t at = file.find("findme");
  EXPECT_NE(at, std::string::npos);
  EXPECT_GE(at, file.size() / 2) << "in the second channel's place";
  second->reset();
  auto third = connection_->open_channel();
  ASSERT_TRUE(third);
  ASSERT_EQ(::fstat(connection_->request_file().get(), &stat), 0);
  EXPECT_EQ(stat.st_size, both) << "a place is used again";
}

// No file may grow while it lives.
class NoGrowth {
 public:
  NoGrowth() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    signal_before_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoGrowth() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, signal_before_);
  }

 private:
  rlimit before_{};
  sighandler_t signal_before_;
};

TEST_F(DevChannelTest, a_channel_that_could_not_be_opened_leaves_its_place) {
  for (int i = 0; i < 3; ++i) {
    const NoGrowth no_growth;
    ASSERT_FALSE(connection_->open_channel());
  }
  auto first = connection_->open_channel();
  ASSERT_TRUE(first);
  struct stat stat {};
  ASSERT_EQ(::fstat(connection_->request_file().get(), &stat), 0);
  EXPECT_LT(stat.st_size, static_cast<off_t>(2 * kMaxWrite)) << "room for one";
}

TEST_F(DevChannelTest, the_end_of_the_mount_is_enodev) {
  auto channel = connection_->open_channel();
  ASSERT_TRUE(channel);
  kernel_.unmount();
  const auto next = (*channel)->next();
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error(), Errno{ENODEV});
}

}  // namespace
}  // namespace sluice::channel
