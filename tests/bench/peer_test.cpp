// SPDX-License-Identifier: MIT
// Peers are played by shell commands that bind-mount; one test plays a FUSE server that hangs.
#include <fcntl.h>
#include <fmt/format.h>

#include "sluice/bench/peer_target.h"
#include "sluice/bench/worker.h"
#include "support.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

TEST(PeerName, is_the_programs) {
  EXPECT_EQ(peer_name("bindfs {src} {mnt}"), "bindfs");
  EXPECT_EQ(peer_name("  A=1 exec /usr/bin/passthrough_hp -f {src} {mnt}"), "passthrough_hp");
  EXPECT_EQ(peer_name("{src} {mnt}"), "peer");
}

TEST(PeerName, refuses_a_command_that_could_not_mount_it) {
  for (const char* command : {"bindfs {src}", "bindfs {mnt}", ""}) {
    auto name = peer_name(command);
    ASSERT_FALSE(name) << command;
    EXPECT_EQ(name.error().cause(), Errno{EINVAL});
  }
}

TEST(ParseMountinfo, reads_points_types_and_devices_and_leaves_nonsense_out) {
  auto mounts = parse_mountinfo(
      "29 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw\n"
      "nonsense\n"
      "31 29 0:47 / /a\\040b rw - fuse.bindfs /x rw\n"
      "32 29 0:x / /c rw - tmpfs none rw\n"
      "33 29 0:48 / /d rw shared:1 master:2");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].point, "/");
  EXPECT_EQ(mounts[1].point, "/a b");
  EXPECT_EQ(mounts[1].type, "fuse.bindfs");
  EXPECT_EQ(mounts[1].minor, 47u);
}

class Peer : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_mount()) GTEST_SKIP() << "mounting is not permitted here";
    source_ = directory_.make("src it's");
    point_ = directory_.make("mnt");
    write_text(source_ + "/file", "lower");
  }

  PeerTarget peer(const std::string& command, std::chrono::milliseconds timeout = 10s) {
    return {"peer", PeerPlan{.command = command,
                             .source = source_,
                             .mount_point = point_,
                             .log_file = directory_.path() + "/log",
                             .mount_timeout = timeout}};
  }

  TestDirectory directory_;
  std::string source_;
  std::string point_;
};

TEST_F(Peer, in_the_foreground_is_mounted_then_unmounted_and_ended) {
  auto target = peer("mount --bind {src} {mnt}; exec sleep 300");
  ASSERT_TRUE(target.setup());
  EXPECT_EQ(read_text(point_ + "/file"), "lower");
  pid_t pid = target.pid();
  EXPECT_EQ(::kill(pid, 0), 0);
  auto status = target.status();
  ASSERT_TRUE(status);
  EXPECT_GE(status->open_descriptors, 3u);
  ASSERT_TRUE(target.teardown());
  EXPECT_FALSE(mount_at(point_));
  EXPECT_NE(::kill(pid, 0), 0);
  EXPECT_TRUE(target.teardown());
}

TEST_F(Peer, in_the_background_is_mounted_and_unmounted_too) {
  auto target = peer("(sleep 0.2; mount --bind {src} {mnt}) >/dev/null 2>&1 &");
  ASSERT_TRUE(target.setup());
  EXPECT_EQ(read_text(point_ + "/file"), "lower");
  EXPECT_FALSE(target.status());
  ASSERT_TRUE(target.teardown());
  EXPECT_FALSE(mount_at(point_));
}

TEST_F(Peer, can_be_set_up_again) {
  auto target = peer("mount --bind {src} {mnt}; exec sleep 300");
  ASSERT_TRUE(target.setup());
  ASSERT_TRUE(target.teardown());
  ASSERT_TRUE(target.setup());
  EXPECT_EQ(read_text(point_ + "/file"), "lower");
}

TEST_F(Peer, that_fails_is_quoted_at_once) {
  auto target = peer("echo 'no such option' >&2; exit 3 {src} {mnt}");
  auto begin = Clock::now();
  auto done = target.setup();
  ASSERT_FALSE(done);
  EXPECT_LT(Clock::now() - begin, 5s);
  EXPECT_EQ(done.error().line(), "peer `peer` ended with exit code 3; it said: no such option");
}

TEST_F(Peer, that_never_mounts_is_given_up_and_ended) {
  auto target =
      peer("echo $$ >" + directory_.path() + "/pid; : {src} {mnt}; exec sleep 300", 500ms);
  auto done = target.setup();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().cause(), Errno{ETIMEDOUT});
  EXPECT_EQ(done.error().line(), "peer `peer` did not mount within 0.5 s");
  EXPECT_TRUE(gone_soon(std::stoi(read_text(directory_.path() + "/pid"))));
}

TEST_F(Peer, is_taken_away_by_the_destructor) {
  pid_t pid = -1;
  {
    auto target = peer("mount --bind {src} {mnt}; exec sleep 300");
    ASSERT_TRUE(target.setup());
    pid = target.pid();
  }
  EXPECT_FALSE(mount_at(point_));
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(Peer, only_its_own_process_is_ended) {
  auto bystander = start(Command{.arguments = {"sleep", "300"}}, 1, 2);
  ASSERT_TRUE(bystander);
  auto target = peer("mount --bind {src} {mnt}; exec sleep 300");
  ASSERT_TRUE(target.setup());
  ASSERT_TRUE(target.teardown());
  EXPECT_FALSE(bystander->ended_by(Clock::now()));
}

// A FUSE mount whose server never answers: what every dead daemon leaves behind.
TEST_F(Peer, a_mount_that_hangs_holds_nobody_for_ever) {
  Fd device{::open("/dev/fuse", O_RDWR | O_CLOEXEC)};
  if (!device) GTEST_SKIP() << "/dev/fuse cannot be opened here";
  std::string options = fmt::format("fd={},rootmode=40000,user_id=0,group_id=0", device.get());
  ASSERT_EQ(::mount("hangs", point_.c_str(), "fuse.hangs", 0, options.c_str()), 0);
  Work work;
  work.timeout = 300ms;
  work.body = [&](const Steps&) -> Result<Numbers, Error> {
    struct stat attributes {};
    ::stat((point_ + "/file").c_str(), &attributes);
    return Numbers{};
  };
  auto begin = Clock::now();
  auto looked = run_apart(work);
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().cause(), Errno{ETIMEDOUT});
  EXPECT_TRUE(unmount(point_));
  EXPECT_FALSE(mount_at(point_));
  EXPECT_LT(Clock::now() - begin, 15s);
}

// The same with somebody inside, whom only an abort frees.
TEST_F(Peer, a_hanging_mount_that_is_busy_is_aborted) {
  Fd device{::open("/dev/fuse", O_RDWR | O_CLOEXEC)};
  if (!device) GTEST_SKIP() << "/dev/fuse cannot be opened here";
  std::string options = fmt::format("fd={},rootmode=40000,user_id=0,group_id=0", device.get());
  ASSERT_EQ(::mount("hangs", point_.c_str(), "fuse.hangs", 0, options.c_str()), 0);
  auto visitor =
      start(Command{.arguments = {"stat", point_ + "/file"}}, device.get(), device.get());
  ASSERT_TRUE(visitor);
  std::this_thread::sleep_for(200ms);
  EXPECT_FALSE(visitor->ended_by(Clock::now()));
  EXPECT_TRUE(unmount(point_));
  EXPECT_FALSE(mount_at(point_));
  EXPECT_TRUE(visitor->ended_by(Clock::now() + 5s));
}

}  // namespace
}  // namespace sluice::bench
