// SPDX-License-Identifier: MIT
// Locks: kept by the kernel, or shared with whoever uses the lower tree. A caller that waits can be
// killed, and any number of them keeps nobody else from working.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <vector>

#include "support.h"

namespace sluice::mirror::test {
namespace {

using namespace std::chrono_literals;

struct flock range(short type, off_t start = 0, off_t length = 0) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = start;
  lock.l_len = length;
  return lock;
}

class Locks_ : public ::testing::TestWithParam<Locks> {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
    lower_ = scratch_.folder("lower");
    mount_ = scratch_.folder("mount");
    write_file(lower_ + "/a", "0123456789");
    Options options;
    options.locks = GetParam();
    served_ = std::make_unique<Served>(lower_, mount_, options);
    ASSERT_EQ(served_->failure(), "");
  }
  void TearDown() override {
    for (pid_t child : children_) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }
  // Runs `body` in a child that is killed with the test at the latest.
  template <class Body>
  pid_t child(Body body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::alarm(60);
      ::_exit(body());
    }
    children_.push_back(pid);
    return pid;
  }
  int status_of(pid_t pid, std::chrono::milliseconds patience) {
    for (auto waited = 0ms; waited < patience; waited += 10ms) {
      int status = 0;
      if (::waitpid(pid, &status, WNOHANG) == pid) {
        std::erase(children_, pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
      }
      std::this_thread::sleep_for(10ms);
    }
    return -1;
  }
  Fd open_in(const std::string& root) { return Fd{::open((root + "/a").c_str(), O_RDWR | O_CLOEXEC)}; }
  int try_lock(const std::string& root, bool whole_file) {
    return status_of(child([=, this] {
      Fd fd = open_in(root);
      if (whole_file) return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
      struct flock lock = range(F_WRLCK, 0, 4);
      return ::fcntl(fd.get(), F_SETLK, &lock) == 0 ? 0 : errno;
    }), 5s);
  }

  Scratch scratch_;
  std::string lower_, mount_;
  std::unique_ptr<Served> served_;
  std::vector<pid_t> children_;
};

TEST_P(Locks_, exclude_others_on_the_mount_and_end_with_their_descriptor) {
  {
    Fd fd = open_in(mount_);
    ASSERT_EQ(::flock(fd.get(), LOCK_EX), 0);
    EXPECT_EQ(try_lock(mount_, true), EWOULDBLOCK);
  }
  served_->all_requests();  // the lock goes with the RELEASE, which nobody waits for
  EXPECT_EQ(try_lock(mount_, true), 0);
  {
    Fd fd = open_in(mount_);
    struct flock lock = range(F_WRLCK, 0, 4);
    ASSERT_EQ(::fcntl(fd.get(), F_OFD_SETLK, &lock), 0);
    EXPECT_EQ(try_lock(mount_, false), EAGAIN);
  }
  served_->all_requests();
  EXPECT_EQ(try_lock(mount_, false), 0);
}

TEST_P(Locks_, posix_locks_go_when_any_descriptor_of_their_owner_is_closed) {
  Fd first = open_in(mount_);
  Fd second = open_in(mount_);
  struct flock lock = range(F_WRLCK, 0, 4);
  ASSERT_EQ(::fcntl(first.get(), F_SETLK, &lock), 0);
  EXPECT_EQ(try_lock(mount_, false), EAGAIN);
  second.reset();
  EXPECT_EQ(try_lock(mount_, false), 0);
}

TEST_P(Locks_, are_seen_by_users_of_the_lower_tree_when_shared) {
  Fd fd = open_in(mount_);
  ASSERT_EQ(::flock(fd.get(), LOCK_EX), 0);
  struct flock lock = range(F_WRLCK, 0, 4);
  ASSERT_EQ(::fcntl(fd.get(), F_SETLK, &lock), 0);
  const bool shared = GetParam() == Locks::shared;
  EXPECT_EQ(try_lock(lower_, true), shared ? EWOULDBLOCK : 0);
  EXPECT_EQ(try_lock(lower_, false), shared ? EAGAIN : 0);
}

TEST_P(Locks_, a_waiting_caller_gets_the_lock_when_it_is_let_go) {
  Fd fd = open_in(mount_);
  ASSERT_EQ(::flock(fd.get(), LOCK_EX), 0);
  const pid_t waiter = child([this] {
    Fd mine = open_in(mount_);
    return ::flock(mine.get(), LOCK_EX) == 0 ? 0 : errno;
  });
  EXPECT_EQ(status_of(waiter, 300ms), -1) << "it should wait";
  ASSERT_EQ(::flock(fd.get(), LOCK_UN), 0);
  EXPECT_EQ(status_of(waiter, 5s), 0);
}

TEST_P(Locks_, a_waiting_caller_is_interrupted_by_a_signal_and_dies_by_one) {
  Fd fd = open_in(mount_);
  struct flock lock = range(F_WRLCK, 0, 4);
  ASSERT_EQ(::fcntl(fd.get(), F_SETLK, &lock), 0);
  const auto wait = [this](bool handle) {
    return child([this, handle] {
      if (handle) {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        ::sigaction(SIGUSR1, &action, nullptr);
      }
      Fd mine = open_in(mount_);
      struct flock wish = range(F_WRLCK, 2, 4);
      return ::fcntl(mine.get(), F_SETLKW, &wish) == 0 ? 0 : errno;
    });
  };
  const pid_t interrupted = wait(true);
  const pid_t killed = wait(false);
  ASSERT_EQ(status_of(interrupted, 300ms), -1);
  ::kill(interrupted, SIGUSR1);
  EXPECT_EQ(status_of(interrupted, 5s), EINTR);
  ::kill(killed, SIGKILL);
  EXPECT_EQ(status_of(killed, 5s), 1000 + SIGKILL);
  EXPECT_EQ(served_->session().waiting(), 0u);
}

TEST_P(Locks_, a_hundred_waiting_callers_leave_the_mount_usable) {
  Fd fd = open_in(mount_);
  ASSERT_EQ(::flock(fd.get(), LOCK_EX), 0);
  std::vector<pid_t> waiters;
  for (int i = 0; i < 100; ++i) {
    waiters.push_back(child([this] {
      Fd mine = open_in(mount_);
      return ::flock(mine.get(), LOCK_EX) == 0 ? 0 : errno;
    }));
  }
  std::this_thread::sleep_for(500ms);
  write_file(mount_ + "/other", "still here");
  EXPECT_EQ(read_file(mount_ + "/other"), "still here");
  ASSERT_EQ(::flock(fd.get(), LOCK_UN), 0);
  for (pid_t waiter : waiters) EXPECT_EQ(status_of(waiter, 20s), 0);
}

TEST_P(Locks_, asking_names_what_stands_in_the_way) {
  Fd fd = open_in(mount_);
  struct flock lock = range(F_WRLCK, 3, 2);
  ASSERT_EQ(::fcntl(fd.get(), F_SETLK, &lock), 0);
  const pid_t holder = ::getpid();
  EXPECT_EQ(status_of(child([this, holder] {
    Fd mine = open_in(mount_);
    struct flock question = range(F_RDLCK, 0, 10);
    if (::fcntl(mine.get(), F_GETLK, &question) != 0) return errno;
    return question.l_type == F_WRLCK && question.l_start == 3 && question.l_len == 2 &&
                   question.l_pid == holder
               ? 0
               : 99;
  }), 5s), 0);
}

INSTANTIATE_TEST_SUITE_P(Modes, Locks_, ::testing::Values(Locks::local, Locks::shared),
                         [](const auto& mode) {
                           return mode.param == Locks::local ? "local" : "shared";
                         });

}  // namespace
}  // namespace sluice::mirror::test
