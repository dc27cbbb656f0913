// SPDX-License-Identifier: MIT
// The ways in which a mount comes to its end while its daemon lives.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fixture.h"

namespace sluice::test {
namespace {

class Foreground : public Mounts {
 protected:
  // Gives a daemon in the foreground whose mount is ready.
  std::unique_ptr<Running> start(const How& how = {}) {
    auto running =
        std::make_unique<Running>(Words{SLUICE_PROGRAM, "mount", "-f", lower_, mnt_}, how);
    EXPECT_TRUE(mounted_soon(mnt_));
    EXPECT_EQ(read_file(in_mnt("file")), "content");
    // It serves a moment before it listens.
    for (int i = 0; i < 1000 && sluice({"status", mnt_}).status != 0; ++i) ::usleep(10'000);
    return running;
  }
};

TEST_F(Foreground, each_stop_signal_unmounts_and_is_no_failure) {
  for (int number : {SIGTERM, SIGINT}) {
    const auto daemon = start();
    daemon->signal(number);
    EXPECT_EQ(daemon->wait(), 0);
    EXPECT_FALSE(is_mounted(mnt_));
  }
}

TEST_F(Foreground, the_daemon_is_the_process_that_was_started) {
  const auto daemon = start();
  EXPECT_EQ(status_of(mnt_)["pid"], daemon->pid());
}

TEST_F(Foreground, it_says_what_is_mounted_and_how_to_end_it) {
  const std::string said = scratch_.path("said");
  const auto daemon = start(
      {.before = [&] { ::dup2(::open(said.c_str(), O_WRONLY | O_CREAT, 0644), STDERR_FILENO); }});
  for (int i = 0; i < 1000 && read_file(said).empty(); ++i) ::usleep(10'000);
  EXPECT_EQ(read_file(said),
            "sluice: `" + lower_ + "` is mounted on `" + mnt_ + "`; ^C unmounts\n");
}

TEST_F(Foreground, a_terminal_that_goes_away_ends_nothing) {
  const auto daemon = start();
  daemon->signal(SIGHUP);
  EXPECT_EQ(daemon->wait(300ms), -1);
  EXPECT_EQ(read_file(in_mnt("file")), "content");
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->wait(), 0);
}

TEST_F(Foreground, users_get_a_short_grace_and_are_then_cut_off) {
  const auto daemon = start();
  const Fd user{::open(in_mnt("file").c_str(), O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(user);
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->wait(300ms), -1);
  EXPECT_FALSE(is_mounted(mnt_));
  EXPECT_EQ(daemon->wait(), 0);
}

TEST_F(Foreground, a_second_signal_takes_the_grace_away) {
  const auto daemon = start();
  const Fd user{::open(in_mnt("file").c_str(), O_RDONLY | O_CLOEXEC)};
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->wait(300ms), -1);
  daemon->signal(SIGINT);
  EXPECT_EQ(daemon->wait(1s), 0);
}

TEST_F(Foreground, it_ends_when_somebody_else_unmounts) {
  const auto daemon = start();
  ASSERT_EQ(::umount2(mnt_.c_str(), 0), 0);
  EXPECT_EQ(daemon->wait(), 0);
}

TEST_F(Foreground, it_goes_on_for_users_of_a_mount_that_was_detached) {
  const auto daemon = start();
  const Fd folder{::open(mnt_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ASSERT_EQ(::umount2(mnt_.c_str(), MNT_DETACH), 0);
  const Fd file{::openat(folder.get(), "file", O_RDONLY | O_CLOEXEC)};
  EXPECT_TRUE(file);
  EXPECT_EQ(daemon->wait(100ms), -1);
  const_cast<Fd&>(file).reset();
  const_cast<Fd&>(folder).reset();
  EXPECT_EQ(daemon->wait(), 0);
}

TEST_F(Foreground, an_aborted_connection_takes_the_mount_with_it) {
  const auto daemon = start();
  struct stat stat {};
  ASSERT_EQ(::stat(mnt_.c_str(), &stat), 0);
  const std::string control = scratch_.folder("fusectl");
  if (::mount("none", control.c_str(), "fusectl", 0, nullptr) != 0) GTEST_SKIP() << "needs fusectl";
  const std::string abort = control + "/" + std::to_string(minor(stat.st_dev)) + "/abort";
  write_file(abort, "1");
  EXPECT_EQ(daemon->wait(), 0);
  EXPECT_FALSE(is_mounted(mnt_));
}

TEST_F(Mounts, a_daemon_in_the_background_ends_on_a_signal_too) {
  mount();
  const auto pid = status_of(mnt_)["pid"].get<pid_t>();
  ASSERT_EQ(::kill(pid, SIGTERM), 0);
  EXPECT_TRUE(ends_soon(pid));
  EXPECT_FALSE(is_mounted(mnt_));
}

TEST_F(Mounts, a_mount_in_use_is_not_taken_away_without_force) {
  mount();
  const Fd user{::open(in_mnt("file").c_str(), O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(user);
  const Finished refused = sluice({"unmount", mnt_});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.err.find("in use"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_TRUE(is_mounted(mnt_));
  const auto pid = status_of(mnt_)["pid"].get<pid_t>();
  EXPECT_EQ(sluice({"unmount", "--force", mnt_}).status, 0);
  EXPECT_FALSE(is_mounted(mnt_));
  EXPECT_TRUE(ends_soon(pid));
}

}  // namespace
}  // namespace sluice::test
