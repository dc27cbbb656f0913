// SPDX-License-Identifier: MIT
// INIT: what is settled, what is refused, and that nothing happens before it.
#include "support.h"

namespace sluice::fuse::test {
namespace {

using testkit::Kernel;
using testkit::KernelOptions;
using testkit::KernelProfile;

// Wants what a test says, and remembers what was settled.
struct Settles {
  Flags<InitFlag> wants = {};
  Flags<InitFlag> foreign = {};
  std::uint32_t max_write = kDefaultMaxWrite;
  std::optional<Error> refusal = {};
  std::optional<Negotiated> settled = {};
  int served = 0;

  Result<void, Error> init(Terms& terms) {
    if (refusal) return fail(*refusal);
    terms.wanted = terms.wanted | wants;
    terms.foreign = foreign;
    terms.max_write = max_write;
    terms.max_stack_depth = 2;
    return {};
  }
  void ready(const Negotiated& negotiated) { settled = negotiated; }
  Result<AttrReply> get_attr(const GetAttr&) {
    ++served;
    EXPECT_TRUE(settled.has_value());
    return AttrReply{Attr::directory(kRoot, Mode{0755}), {}};
  }
};

struct Mount {
  explicit Mount(KernelProfile profile, Settles wants = {})
      : fs{std::move(wants)},
        session{file_system_of(fs), options()},
        kernel{KernelOptions{.profile = profile}} {
    mounted = kernel.mount(session);
  }
  SessionOptions options() {
    SessionOptions made;
    made.report = [this](const Error& error) { reported.push_back(error.line()); };
    return made;
  }
  Settles fs;
  std::vector<std::string> reported;
  Session session;
  Kernel kernel;
  Result<void, Error> mounted;
};

TEST(Init, settles_flags_that_are_offered_and_wanted) {
  Mount mount{KernelProfile::linux_6_1(),
              {.wants = {InitFlag::posix_locks, InitFlag::passthrough}}};
  ASSERT_TRUE(mount.mounted);
  EXPECT_TRUE(mount.session.negotiated().has(InitFlag::posix_locks));
  EXPECT_FALSE(mount.session.negotiated().has(InitFlag::passthrough)) << "it is not offered";
  EXPECT_FALSE(mount.session.negotiated().has(InitFlag::flock_locks)) << "it is not wanted";
  EXPECT_EQ(mount.session.negotiated().minor, 37U);
  EXPECT_EQ(mount.kernel.init_answer().max_stack_depth, 0U);
  EXPECT_TRUE(mount.reported.empty());
  testkit::expect_no_breach(mount.kernel);
}

TEST(Init, settles_passthrough_with_its_stack_depth) {
  Mount mount{KernelProfile::linux_6_18(), {.wants = InitFlag::passthrough}};
  ASSERT_TRUE(mount.mounted);
  EXPECT_TRUE(mount.session.negotiated().has(InitFlag::passthrough));
  EXPECT_EQ(mount.kernel.init_answer().max_stack_depth, 2U);
  testkit::expect_no_breach(mount.kernel);
}

TEST(Init, takes_no_high_flags_from_a_kernel_that_does_not_send_them) {
  Mount mount{KernelProfile::linux_5_4(),
              {.wants = {InitFlag::passthrough, InitFlag::security_ctx, InitFlag::init_ext}}};
  ASSERT_TRUE(mount.mounted);
  EXPECT_EQ(mount.session.negotiated().flags.word() >> 32, 0U);
  EXPECT_EQ(mount.kernel.init_answer().flags2, 0U);
  testkit::expect_no_breach(mount.kernel);
}

TEST(Init, asks_for_foreign_bits_without_giving_them_their_other_meaning) {
  Mount mount{KernelProfile::series_v11(),
              {.wants = InitFlag::passthrough_v11, .foreign = InitFlag::passthrough_v11}};
  ASSERT_TRUE(mount.mounted);
  EXPECT_NE(mount.kernel.init_answer().flags & static_cast<std::uint32_t>(InitFlag::setxattr_ext),
            0U);
  EXPECT_FALSE(mount.session.negotiated().has(InitFlag::setxattr_ext));
}

TEST(Init, bounds_requests_by_what_the_kernel_can_send) {
  Mount modern{KernelProfile::linux_6_18(), {.max_write = 1U << 20}};
  EXPECT_EQ(modern.session.negotiated().max_write, 1U << 20);
  Mount small{KernelProfile::linux_6_18(), {.max_write = 100}};
  EXPECT_EQ(small.session.negotiated().max_write, 4096U);
  KernelProfile without = KernelProfile::linux_6_18();
  without.offered.set(InitFlag::max_pages, false);
  Mount narrow{without, {.max_write = 1U << 20}};
  EXPECT_EQ(narrow.session.negotiated().max_write, 128U << 10);
  for (Mount* mount : {&modern, &small, &narrow}) testkit::expect_no_breach(mount->kernel);
}

TEST(Init, refuses_a_kernel_that_is_too_old_with_one_line) {
  KernelProfile old = KernelProfile::linux_5_4();
  old.minor = 30;
  Mount mount{old};
  ASSERT_FALSE(mount.mounted);
  EXPECT_NE(mount.mounted.error().line().find("7.30"), std::string::npos)
      << mount.mounted.error().line();
  EXPECT_EQ(mount.reported.size(), 1U);
  EXPECT_FALSE(mount.session.initialized());
  EXPECT_TRUE(mount.session.refusal().has_value());
}

TEST(Init, answers_a_newer_major_with_ours_and_waits_for_it) {
  KernelProfile future = KernelProfile::linux_6_18();
  future.major = 8;
  Mount mount{future};
  ASSERT_TRUE(mount.mounted);
  EXPECT_TRUE(mount.session.initialized());
  EXPECT_EQ(mount.kernel.sent(Opcode::init), 2U);
  testkit::expect_no_breach(mount.kernel);
}

TEST(Init, serves_a_newer_minor_by_the_rules_of_ours) {
  KernelProfile future = KernelProfile::linux_6_18();
  future.minor = 77;
  future.offered = Flags<InitFlag>::from(~std::uint64_t{0});
  Mount mount{future};
  ASSERT_TRUE(mount.mounted);
  EXPECT_EQ(mount.session.negotiated().minor, wire::kMinor);
}

TEST(Init, ends_with_the_file_systems_own_refusal) {
  Mount mount{KernelProfile::linux_6_18(), {.refusal = Error{"not today", EPROTO}}};
  ASSERT_FALSE(mount.mounted);
  EXPECT_EQ(mount.mounted.error().line(), "not today");
  EXPECT_FALSE(mount.fs.settled.has_value());
  EXPECT_EQ(mount.reported, std::vector<std::string>{"not today"});
}

TEST(Init, comes_before_everything_else) {
  Settles fs;
  Kernel kernel;
  Session session{file_system_of(fs)};
  Worker& worker = session.add_worker();
  auto traffic = std::make_shared<testkit::Traffic>(kernel.breach_list());
  testkit::KernelChannel channel{traffic, testkit::Spans::one, 4096};
  auto message = std::make_shared<testkit::Message>();
  message->header.opcode = raw(Opcode::getattr);
  message->header.unique = 2;
  message->body.resize(sizeof(wire::GetattrIn));
  traffic->begin(message);
  session.handle(worker, channel, channel.load(message));
  EXPECT_EQ(message->error, EIO);
  EXPECT_EQ(fs.served, 0);
}

TEST(Init, that_is_cut_short_is_refused) {
  for (std::size_t size : {0U, 1U, 4U, 8U, 15U}) {
    Settles fs;
    Kernel kernel;
    Session session{file_system_of(fs)};
    Worker& worker = session.add_worker();
    auto traffic = std::make_shared<testkit::Traffic>(kernel.breach_list());
    testkit::KernelChannel channel{traffic, testkit::Spans::one, 4096};
    auto message = std::make_shared<testkit::Message>();
    message->header.opcode = raw(Opcode::init);
    message->header.unique = 2;
    wire::InitIn in{};
    in.major = 7;
    in.minor = 45;
    message->body.assign(bytes_of(in).begin(),
                         bytes_of(in).begin() + static_cast<std::ptrdiff_t>(size));
    traffic->begin(message);
    session.handle(worker, channel, channel.load(message));
    EXPECT_EQ(message->error, EPROTO) << size;
    EXPECT_FALSE(session.initialized());
  }
}

}  // namespace
}  // namespace sluice::fuse::test
