// SPDX-License-Identifier: MIT
// The same for an ordinary user, through the setuid program fusermount3. Each test does its work
// in a child with mounts of its own, where users may open /dev/fuse whatever the machine's own
// has for permissions, and what has to be done as a user in a child of that one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>

#include "sluice/mount/mounted.h"
#include "sluice/mount/mountinfo.h"
#include "sluice/mount/unmount.h"
#include "support.h"

namespace sluice::mount {
namespace {

using namespace test;
using namespace std::chrono_literals;

class Unprivileged : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = no_mounts_here(); !why.empty()) GTEST_SKIP() << why;
    if (::access("/usr/bin/fusermount3", X_OK) != 0) GTEST_SKIP() << "needs the package fuse3";
  }
  static Options options(const std::string& folder) {
    Options made;
    made.mountpoint = folder;
    return made;
  }
  // Runs `body` as root where users may mount; gives its text.
  std::string in_namespace(const std::function<std::string()>& body) const {
    return in_child([&]() -> std::string {
      const std::string node = place_.path() + "/fuse";
      ::unlink(node.c_str());
      ::umask(0);
      const bool ready = ::unshare(CLONE_NEWNS) == 0 &&
                         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mknod(node.c_str(), S_IFCHR | 0666, makedev(10, 229)) == 0 &&
                         ::mount(node.c_str(), "/dev/fuse", nullptr, MS_BIND, nullptr) == 0;
      ::umask(022);
      return ready ? body() : "no namespace";
    });
  }
  // Runs `body` as an ordinary user there.
  std::string as_user(const std::function<std::string()>& body) const {
    return in_namespace([&] {
      become(kNobody);
      return body();
    });
  }

  Place place_;
  static bool is_mounted(const std::string& folder) {
    const auto mounts = list_mounts();
    return mounts && mount_at_point(folder, *mounts) != nullptr;
  }
};

TEST_F(Unprivileged, a_user_mounts_and_unmounts_a_folder_of_his_own) {
  const std::string folder = place_.folder("mnt", kNobody);
  const std::string wrong = as_user([&]() -> std::string {
    auto mounted = mount(options(folder));
    if (!mounted) return mounted.error().line();
    if (mounted->method() != Method::fusermount) return "by another way";
    if (mounted->privileged()) return "privileged";
    TinyServer server{mounted->device()};
    struct stat seen {};
    if (::stat(folder.c_str(), &seen) != 0) return "no stat";
    if (seen.st_dev != mounted->st_dev()) return "wrong st_dev";
    const auto unmounted = mounted->unmount();
    if (!unmounted) return unmounted.error().line();
    return is_mounted(folder) ? "still mounted" : "";
  });
  EXPECT_EQ(wrong, "");
}

TEST_F(Unprivileged, the_mount_goes_with_its_owner) {
  const std::string folder = place_.folder("mnt", kNobody);
  const std::string wrong = as_user([&]() -> std::string {
    {
      const auto mounted = mount(options(folder));
      if (!mounted) return mounted.error().line();
      if (!is_mounted(folder)) return "not mounted";
    }
    return is_mounted(folder) ? "still mounted" : "";
  });
  EXPECT_EQ(wrong, "");
}

TEST_F(Unprivileged, allow_other_needs_the_administrators_word) {
  std::ifstream file{"/etc/fuse.conf"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("user_allow_other")) GTEST_SKIP() << "user_allow_other is set here";
  }
  const std::string folder = place_.folder("mnt", kNobody);
  const std::string line = as_user([&]() -> std::string {
    Options wanted = options(folder);
    wanted.allow_other = true;
    const auto mounted = mount(wanted);
    return mounted ? "mounted" : mounted.error().line();
  });
  EXPECT_EQ(line,
            "mount option `allow_other` without privileges needs the line `user_allow_other` in"
            " `/etc/fuse.conf`");
}

TEST_F(Unprivileged, a_folder_of_somebody_else_is_refused_in_one_line) {
  const std::string folder = place_.folder("mnt");
  const std::string line = as_user([&]() -> std::string {
    const auto mounted = mount(options(folder));
    if (mounted) return "mounted";
    if (mounted.error().cause() != Errno{EACCES})
      return "cause " + std::string{name(mounted.error().cause())};
    return mounted.error().line();
  });
  EXPECT_TRUE(contains(line, "`fusermount3` could not mount on `" + folder + "`: ")) << line;
  EXPECT_FALSE(contains(line, "\n")) << line;
}

TEST_F(Unprivileged, the_privileged_ways_alone_say_what_is_missing) {
  const std::string folder = place_.folder("mnt", kNobody);
  for (Method method : {Method::new_api, Method::mount_call}) {
    const std::string wrong = as_user([&]() -> std::string {
      Options wanted = options(folder);
      wanted.only = method;
      const auto mounted = mount(wanted);
      if (mounted) return "mounted";
      return mounted.error().cause() == Errno{EPERM} ? "" : mounted.error().line();
    });
    EXPECT_EQ(wrong, "");
  }
}

TEST_F(Unprivileged, a_user_unmounts_his_dead_mount_that_is_in_use) {
  const std::string folder = place_.folder("mnt", kNobody);
  const std::string wrong = as_user([&]() -> std::string {
    auto mounted = mount(options(folder));
    if (!mounted) return mounted.error().line();
    mounted->release();
    const Fd user{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
    mounted->take_device().reset();
    const auto unmounted = unmount(folder);
    if (!unmounted) return unmounted.error().line();
    return is_mounted(folder) ? "still mounted" : "";
  });
  EXPECT_EQ(wrong, "");
}

TEST_F(Unprivileged, a_mount_in_use_is_busy_for_a_user_too) {
  const std::string folder = place_.folder("mnt", kNobody);
  const std::string wrong = as_user([&]() -> std::string {
    auto mounted = mount(options(folder));
    if (!mounted) return mounted.error().line();
    TinyServer server{mounted->device()};
    const Fd user{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
    const auto own = mounted->unmount();
    const auto by_path = unmount(folder);
    if (own || by_path) return "unmounted";
    const bool both =
        own.error().cause() == Errno{EBUSY} && by_path.error().cause() == Errno{EBUSY};
    return both ? "" : own.error().line() + "; " + by_path.error().line();
  });
  EXPECT_EQ(wrong, "");
}

TEST_F(Unprivileged, a_user_cannot_unmount_what_another_has_mounted) {
  const std::string folder = place_.folder("mnt");
  const auto mounted = mount(options(folder));
  ASSERT_TRUE(mounted) << mounted.error().line();
  for (Force force : {Force::no, Force::yes}) {
    const std::string wrong = in_child([&]() -> std::string {
      become(kNobody);
      const auto unmounted = unmount(folder, force);
      if (unmounted) return "unmounted";
      return unmounted.error().cause() == Errno{EPERM} ? "" : unmounted.error().line();
    });
    EXPECT_EQ(wrong, "");
  }
  EXPECT_TRUE(is_mounted(folder));
}

// Not even root may look into such a mount, so the probe has to ask as its owner.
TEST_F(Unprivileged, root_frees_a_users_dead_mount_that_is_in_use) {
  const std::string folder = place_.folder("mnt", kNobody);
  const std::string wrong = in_namespace([&]() -> std::string {
    const std::string first = in_child([&]() -> std::string {
      become(kNobody);
      auto mounted = mount(options(folder));
      if (!mounted) return mounted.error().line();
      mounted->release();
      return "";
    });
    if (!first.empty()) return first;
    if (!is_mounted(folder)) return "not mounted";
    const Fd user{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
    const auto unmounted = unmount(folder);
    if (!unmounted) return unmounted.error().line();
    return is_mounted(folder) ? "still mounted" : "";
  });
  EXPECT_EQ(wrong, "");
}

}  // namespace
}  // namespace sluice::mount
