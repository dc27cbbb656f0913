// SPDX-License-Identifier: MIT
// Mounts whose daemon died, or does not answer, and what can be done about them.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <utility>

#include "fixture.h"

namespace sluice::test {
namespace {

class Dead : public Mounts {
 protected:
  void SetUp() override {
    Mounts::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    mount();
    pid_ = status_of(mnt_).value("pid", pid_t{0});
    ASSERT_GT(pid_, 1);
  }
  void TearDown() override {
    // One that a test has stopped could not end when its mount goes.
    if (pid_ > 1) ::kill(pid_, SIGCONT);
  }
  void kill_daemon() {
    ASSERT_EQ(::kill(pid_, SIGKILL), 0);
    ASSERT_TRUE(ends_soon(pid_));
    pid_ = 0;
    ASSERT_TRUE(is_mounted(mnt_));
  }
  pid_t pid_ = 0;
};

TEST_F(Dead, a_dead_mount_is_freed) {
  kill_daemon();
  EXPECT_EQ(::access(in_mnt("file").c_str(), F_OK), -1);
  EXPECT_EQ(errno, ENOTCONN);
  unmount();
  mount();
  EXPECT_EQ(read_file(in_mnt("file")), "content");
  unmount();
}

TEST_F(Dead, a_dead_mount_is_freed_even_if_it_is_in_use) {
  const Fd user{::open(mnt_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  kill_daemon();
  unmount();
}

TEST_F(Dead, status_says_so_in_the_list_and_for_the_mount) {
  kill_daemon();
  const Finished list = sluice({"status"});
  EXPECT_EQ(list.status, 0);
  EXPECT_NE(list.out.find("its daemon is dead; `sluice unmount " + mnt_ + "` frees it"),
            std::string::npos)
      << list.out;
  const Finished one = sluice({"status", mnt_});
  EXPECT_EQ(one.status, 1);
  EXPECT_NE(one.err.find("its daemon is dead"), std::string::npos) << one.err;
  const auto all = nlohmann::json::parse(sluice({"status", "--json"}).out);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["mount"], mnt_);
  EXPECT_TRUE(all[0].contains("error"));
}

TEST_F(Dead, mounting_there_is_refused_with_what_to_do) {
  kill_daemon();
  const Finished again = sluice({"mount", lower_, mnt_});
  EXPECT_EQ(again.status, 1);
  EXPECT_NE(again.err.find("run `sluice unmount " + mnt_ + "`"), std::string::npos) << again.err;
  const Finished over = sluice({"mount", mnt_, scratch_.folder("other")});
  EXPECT_EQ(over.status, 1);
  EXPECT_NE(over.err.find("daemon is dead"), std::string::npos) << over.err;
}

TEST_F(Dead, what_passed_through_before_is_all_there) {
  {
    const Fd file{::open(in_mnt("file").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
    ASSERT_EQ(::write(file.get(), " and more", 9), 9);
  }
  kill_daemon();
  EXPECT_EQ(read_file(lower_ + "/file"), "content and more");
}

TEST_F(Dead, the_next_daemon_clears_the_dead_ones_socket_away) {
  struct stat stat {};
  ASSERT_EQ(::stat(mnt_.c_str(), &stat), 0);
  const std::string number = std::to_string(minor(stat.st_dev));
  const std::string socket = "/run/sluice/" + number + ".sock";
  ASSERT_EQ(::access(socket.c_str(), F_OK), 0) << socket;
  kill_daemon();
  EXPECT_EQ(::access(socket.c_str(), F_OK), 0);
  const std::string second = scratch_.folder("second");
  mount(lower_, second);
  EXPECT_EQ(::access(socket.c_str(), F_OK), -1);
  unmount(second);
}

TEST_F(Dead, a_silent_daemon_is_told_from_a_dead_one) {
  ASSERT_TRUE(stop(pid_));
  const Finished asked = sluice({"status", mnt_});
  EXPECT_EQ(asked.status, 1);
  EXPECT_NE(asked.err.find("did not answer"), std::string::npos) << asked.err;
  EXPECT_EQ(sluice({"unmount", "--force", mnt_}).status, 0);
  EXPECT_FALSE(is_mounted(mnt_));
  ASSERT_EQ(::kill(pid_, SIGCONT), 0);
  EXPECT_TRUE(ends_soon(std::exchange(pid_, 0)));
}

}  // namespace
}  // namespace sluice::test
