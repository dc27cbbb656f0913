// SPDX-License-Identifier: MIT
// Whatever bytes come, a malformed request costs one EIO and nothing else. Bodies have the exact
// size of what was sent, so that an address sanitizer sees any look beyond them.
#include "support.h"

namespace sluice::fuse::test {
namespace {

using testkit::Spans;

class Malformed : public testing::TestWithParam<Spans> {
 protected:
  Mounted<Everything> mounted_{{.spans = GetParam()}};
  testkit::Kernel& kernel_ = mounted_.kernel;

  int send(Opcode opcode, Bytes body, std::size_t fixed = 0) {
    return kernel_.raw_request(opcode, kRoot, body, fixed);
  }
};

template <class Op>
std::size_t fixed_size(const Op& op, const Negotiated& negotiated) {
  std::vector<std::byte> room(4096);
  return encode_request(op, MutableBytes{room}, negotiated)->fixed;
}

TEST_P(Malformed, every_truncation_of_every_operation_is_eio) {
  int whole = 0;
  for_each_sample([&](const auto& op) {
    const auto body = bytes_of_request(op, kernel_.negotiated());
    const std::size_t fixed = fixed_size(op, kernel_.negotiated());
    // In two pieces the first always has its full length.
    const std::size_t least = GetParam() == Spans::two ? fixed : 0;
    for (std::size_t size = least; size < body.size(); ++size) {
      const std::uint64_t before = mounted_.session.malformed();
      EXPECT_EQ(send(op.opcode, Bytes{body}.first(size), fixed), EIO)
          << op.kMethod << " cut to " << size << " of " << body.size();
      EXPECT_EQ(mounted_.session.malformed(), before + 1);
    }
    EXPECT_EQ(mounted_.fs.calls, whole) << op.kMethod << " was called with a part of a request";
    EXPECT_EQ(send(op.opcode, body, fixed), 0) << op.kMethod;
    EXPECT_EQ(mounted_.fs.calls, ++whole);
  });
  testkit::expect_no_breach(kernel_);
}

TEST_P(Malformed, extensions_that_are_not_there_are_eio) {
  // total_extlen is the sender's word; it is set by hand, which no kernel would do.
  for_each_sample([&](const auto& op) {
    auto message = std::make_shared<testkit::Message>();
    message->body = bytes_of_request(op, kernel_.negotiated());
    message->fixed = fixed_size(op, kernel_.negotiated());
    message->header.opcode = raw(op.opcode);
    message->header.unique = 1000;
    message->header.total_extlen = 0xffff;
    testkit::Breaches breaches;
    auto traffic = std::make_shared<testkit::Traffic>(breaches);
    testkit::KernelChannel channel{traffic, GetParam(), 1U << 20};
    traffic->begin(message);
    mounted_.session.handle(mounted_.session.add_worker(), channel, channel.load(message));
    EXPECT_EQ(message->error, EIO) << op.kMethod;
  });
  EXPECT_EQ(mounted_.fs.calls, 0);
}

TEST_P(Malformed, names_that_no_path_can_have_are_eio) {
  using namespace std::string_view_literals;
  const std::string long_name(wire::kMaxName + 1, 'n');
  for (std::string_view name : {"\0"sv, ".\0"sv, "..\0"sv, "a/b\0"sv, "/\0"sv}) {
    EXPECT_EQ(send(Opcode::lookup, bytes_of(name)), EIO) << name;
    EXPECT_EQ(send(Opcode::unlink, bytes_of(name)), EIO) << name;
    EXPECT_EQ(send(Opcode::rmdir, bytes_of(name)), EIO) << name;
  }
  EXPECT_EQ(
      send(Opcode::lookup, bytes_of(std::string_view{long_name.c_str(), long_name.size() + 1})),
      EIO);
  EXPECT_EQ(mounted_.fs.calls, 0);
  EXPECT_EQ(send(Opcode::lookup, bytes_of("fine\0"sv)), 0);
}

TEST_P(Malformed, sizes_that_lie_are_eio) {
  const auto lying = [&](auto in) {
    const std::uint32_t real = in.size;
    std::vector<std::byte> body;
    in.size = real + 1;
    const Bytes fixed = bytes_of(in);
    body.assign(fixed.begin(), fixed.end());
    return body;
  };
  wire::WriteIn write{};
  write.size = 0xfffffffe;
  EXPECT_EQ(send(Opcode::write, lying(write), sizeof(write)), EIO);
  wire::SetxattrIn set{};
  set.size = 100;
  auto body = lying(set);
  for (char c : {'u', '\0'}) body.push_back(static_cast<std::byte>(c));
  EXPECT_EQ(send(Opcode::setxattr, body, sizeof(set)), EIO);
  wire::IoctlIn ioctl{};
  ioctl.in_size = 0xffffffff;
  EXPECT_EQ(send(Opcode::ioctl, bytes_of(ioctl), sizeof(ioctl)), EIO);
  EXPECT_EQ(mounted_.fs.calls, 0);
}

TEST_P(Malformed, a_read_larger_than_any_buffer_gets_what_there_is_room_for) {
  wire::ReadIn read{};
  read.size = 0xffffffff;
  EXPECT_EQ(send(Opcode::read, bytes_of(read), sizeof(read)), 0);
  EXPECT_EQ(send(Opcode::readdir, bytes_of(read), sizeof(read)), 0);
  wire::GetxattrIn list{};
  list.size = 0xffffffff;
  EXPECT_EQ(send(Opcode::listxattr, bytes_of(list), sizeof(list)), 0);
  EXPECT_EQ(mounted_.fs.calls, 3);
}

TEST_P(Malformed, unknown_opcodes_are_enosys) {
  for (std::uint32_t opcode : {0U, 7U, 19U, 48U, 49U, 54U, 55U, 4096U, 0xffffffffU}) {
    EXPECT_EQ(send(static_cast<Opcode>(opcode), {}), ENOSYS) << opcode;
  }
}

struct Forgets : Everything {
  std::vector<Forget> forgotten;
  void forget(const Forget& forget) { forgotten.push_back(forget); }
};

TEST(MalformedForget, is_not_answered_and_takes_what_is_whole) {
  Mounted<Forgets> mounted;
  wire::BatchForgetIn batch{};
  batch.count = 0xffffffff;
  const wire::ForgetOne one{5, 2};
  std::vector<std::byte> body(bytes_of(batch).begin(), bytes_of(batch).end());
  body.insert(body.end(), bytes_of(one).begin(), bytes_of(one).end());
  body.insert(body.end(), bytes_of(one).begin(), bytes_of(one).begin() + 7);
  mounted.kernel.raw_request(Opcode::batch_forget, kRoot, body, sizeof(batch));
  ASSERT_EQ(mounted.fs.forgotten.size(), 1U);
  EXPECT_EQ(mounted.fs.forgotten[0].node, NodeId{5});
  EXPECT_EQ(mounted.fs.forgotten[0].count, 2U);
  EXPECT_EQ(mounted.session.malformed(), 1U);
  mounted.kernel.raw_request(Opcode::forget, NodeId{5}, {}, 0);
  mounted.kernel.raw_request(Opcode::batch_forget, kRoot, {}, 0);
  mounted.kernel.raw_request(Opcode::interrupt, kRoot, {}, 0);
  EXPECT_EQ(mounted.session.malformed(), 4U);
  EXPECT_EQ(mounted.fs.forgotten.size(), 1U);
  testkit::expect_no_breach(mounted.kernel);
}

INSTANTIATE_TEST_SUITE_P(In, Malformed, testing::Values(Spans::one, Spans::two),
                         [](const auto& one) {
                           return one.param == Spans::one ? "one_piece" : "two_pieces";
                         });

}  // namespace
}  // namespace sluice::fuse::test
