// SPDX-License-Identifier: MIT
// The same for an ordinary user, through the setuid program fusermount3.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "fixture.h"

namespace sluice::test {
namespace {

class Unprivileged : public Mounts {
 protected:
  void SetUp() override {
    Mounts::SetUp();
    if (IsSkipped()) return;
    if (::access("/usr/bin/fusermount3", X_OK) != 0) GTEST_SKIP() << "needs the package fuse3";
    his_lower_ = scratch_.folder("his", kNobody);
    his_mnt_ = scratch_.folder("hismnt", kNobody);
    const std::string file = scratch_.file("his/file", "his");
    ASSERT_EQ(::chown(file.c_str(), kNobody, kNobody), 0);
    ::mkdir("/run/user", 0755);
    ::mkdir(kRuntime, 0700);
    ASSERT_EQ(::chown(kRuntime, kNobody, kNobody), 0);
  }
  std::string his_lower_;
  std::string his_mnt_;
  static constexpr const char* kRuntime = "/run/user/65534";
  const How as_nobody_{.before = [] {
    ::setenv("XDG_RUNTIME_DIR", kRuntime, 1);
    become(kNobody);
  }};
};

TEST_F(Unprivileged, a_user_mounts_works_asks_and_unmounts) {
  mount(his_lower_, his_mnt_, {}, as_nobody_);
  EXPECT_EQ(shell("cat " + his_mnt_ + "/file", as_nobody_).out, "his");
  EXPECT_EQ(shell("echo new > " + his_mnt_ + "/new && cat " + his_lower_ + "/new", as_nobody_).out,
            "new\n");
  struct stat stat {};
  ASSERT_EQ(::stat((his_lower_ + "/new").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_uid, kNobody);
  const auto status = status_of(his_mnt_, as_nobody_);
  EXPECT_EQ(status["passed_through"], 0);
  EXPECT_EQ(status["refused"], 0);  // what cannot be is not tried
  EXPECT_GE(status["served"], 2);
  unmount(his_mnt_, as_nobody_);
}

TEST_F(Unprivileged, what_it_costs_is_told) {
  const std::string told = mount(his_lower_, his_mnt_, {}, as_nobody_);
  for (const char* part :
       {"passthrough is off: the kernel takes backing files from root alone; ",
        "other users' access is off: mounted without privileges, through fusermount3; ",
        "lower handles is off: "}) {
    EXPECT_NE(told.find(part), std::string::npos) << part << "\n" << told;
  }
  unmount(his_mnt_, as_nobody_);
}

TEST_F(Unprivileged, root_can_ask_and_unmount_and_others_can_not) {
  mount(his_lower_, his_mnt_, {}, as_nobody_);
  EXPECT_EQ(status_of(his_mnt_)["source"], his_lower_);
  const Finished stranger = sluice({"status", his_mnt_}, {.before = [] { become(kNobody - 1); }});
  EXPECT_EQ(stranger.status, 1);
  EXPECT_NE(stranger.err.find("another user's"), std::string::npos) << stranger.err;
  EXPECT_EQ(sluice({"unmount", his_mnt_}, {.before = [] { become(kNobody - 1); }}).status, 1);
  unmount(his_mnt_);
}

TEST_F(Unprivileged, a_user_cannot_ask_roots_mount) {
  mount();
  const Finished asked = sluice({"status", mnt_}, as_nobody_);
  EXPECT_EQ(asked.status, 1);
  EXPECT_NE(asked.err.find("ask as root"), std::string::npos) << asked.err;
}

TEST_F(Unprivileged, a_folder_of_somebody_else_is_refused) {
  const Finished refused = sluice({"mount", his_lower_, mnt_}, as_nobody_);
  EXPECT_EQ(refused.status, 1);
  EXPECT_FALSE(is_mounted(mnt_));
  EXPECT_NE(refused.err.find("sluice: cannot mount"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace sluice::test
