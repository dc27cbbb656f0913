// SPDX-License-Identifier: MIT
// Where sockets lie, and which folders are not trusted. What is done as another user is done in a
// child.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "sluice/control/place.h"
#include "support.h"

namespace sluice::control {
namespace {

using test::Scratch;

// A user who has nothing on any machine, and another one in each process that tests at once.
const uid_t kSomebody = 1'000'000 + static_cast<uid_t>(::getpid());

// Runs `body` as somebody in a child, and gives the exit status it chose.
int as_somebody(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    test::become(kSomebody);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Place : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    ::unsetenv("XDG_RUNTIME_DIR");
  }
  void TearDown() override { ::rmdir(kTemporary.c_str()); }
  const std::string kTemporary = "/tmp/sluice-" + std::to_string(kSomebody);
};

TEST_F(Place, a_user_gets_a_folder_that_is_closed_to_all_others) {
  EXPECT_EQ(as_somebody([&] { return own_folder() == kTemporary ? 0 : 1; }), 0);
  struct stat stat {};
  ASSERT_EQ(::stat(kTemporary.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_uid, kSomebody);
  EXPECT_EQ(stat.st_mode & 07777, 0700u);
}

TEST_F(Place, the_runtime_folder_of_the_session_goes_before) {
  const Scratch scratch;
  const std::string runtime = scratch.folder("runtime", kSomebody);
  ::setenv("XDG_RUNTIME_DIR", runtime.c_str(), 1);
  EXPECT_EQ(as_somebody([&] { return own_folder() == runtime + "/sluice" ? 0 : 1; }), 0);
  // But not one that others may write to.
  ASSERT_EQ(::chmod(runtime.c_str(), 0777), 0);
  EXPECT_EQ(as_somebody([&] { return own_folder() == kTemporary ? 0 : 1; }), 0);
  ::unsetenv("XDG_RUNTIME_DIR");
}

TEST_F(Place, a_folder_that_somebody_else_put_there_is_refused) {
  ASSERT_EQ(::mkdir(kTemporary.c_str(), 0777), 0);
  EXPECT_EQ(as_somebody([] {
              const auto folder = own_folder();
              return !folder && folder.error().cause() == Errno{EPERM} ? 0 : 1;
            }),
            0);
}

TEST_F(Place, a_symbolic_link_in_its_place_is_refused) {
  const Scratch scratch;
  const std::string elsewhere = scratch.folder("elsewhere", kSomebody);
  ASSERT_EQ(::symlink(elsewhere.c_str(), kTemporary.c_str()), 0);
  EXPECT_EQ(as_somebody([] { return own_folder() ? 1 : 0; }), 0);
  ::unlink(kTemporary.c_str());
}

TEST_F(Place, the_client_looks_where_the_daemon_may_listen) {
  EXPECT_EQ(candidates(42, 0), std::vector<std::string>{"/run/sluice/42.sock"});
  const auto others = candidates(42, kSomebody);
  EXPECT_EQ(std::ranges::count(others, kTemporary + "/42.sock"), 1);
  EXPECT_EQ(
      std::ranges::count(others, "/run/user/" + std::to_string(kSomebody) + "/sluice/42.sock"), 1);
}

}  // namespace
}  // namespace sluice::control
