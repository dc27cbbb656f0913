// SPDX-License-Identifier: MIT
// The lock on the mounts, apart from everything else: a process from outside enters the command's
// user and mount namespaces, in which it has every capability and no filter, and tries what the
// command would if it had them.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "support.h"

namespace sluice::confine::test {
namespace {

SLUICE_FOR_ROOT_AND_USER(Locked);

// Gives the pid, as seen here, of the process inside whose command line has `mark`.
pid_t pid_of(const std::string& mark) {
  pid_t found = -1;
  for (pid_t pid = 2; pid < 65'536; ++pid) {
    const std::string words = read_file("/proc/" + std::to_string(pid) + "/cmdline");
    if (words.find(mark) != std::string::npos && pid != ::getpid()) found = pid;
  }
  return found;
}

int status_in(pid_t inside, const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string folder = "/proc/" + std::to_string(inside) + "/ns/";
    const int user = ::open((folder + "user").c_str(), O_RDONLY);
    const int mounts = ::open((folder + "mnt").c_str(), O_RDONLY);
    if (::setns(user, CLONE_NEWUSER) != 0 || ::setns(mounts, CLONE_NEWNS) != 0) ::_exit(90);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

class Entered {
 public:
  Entered(const Scratch& scratch, const Setting& setting)
      : mark_{"locked-" + scratch.path().substr(18)},
        running_{scratch, {"/bin/sh", "-c", "echo ready; sleep 1000; :", mark_}, setting} {
    ready_ = running_.says("ready");
  }
  int status(const std::function<int()>& body) {
    return ready_ ? status_in(pid_of(mark_), body) : 91;
  }

 private:
  std::string mark_;
  Running running_;
  bool ready_ = false;
};

TEST_P(Locked, with_every_capability_of_the_namespace_no_mount_comes_off) {
  const Scratch scratch{GetParam()};
  Entered entered{scratch, setting()};
  for (const std::string& path : {scratch.tree(), std::string{"/proc"}, std::string{"/proc/sys"},
                                  std::string{"/dev"}, std::string{"/sys"}}) {
    EXPECT_EQ(entered.status([&] { return ::umount2(path.c_str(), MNT_DETACH) == 0 ? 0 : errno; }),
              EINVAL) << path;
  }
}

TEST_P(Locked, what_a_view_covers_cannot_be_bound_elsewhere) {
  const Scratch scratch{GetParam()};
  Entered entered{scratch, setting()};
  EXPECT_EQ(entered.status([&] {
    return ::mount(scratch.path().c_str(), "/tmp", nullptr, MS_BIND, nullptr) == 0 ? 0 : errno;
  }), EINVAL);
  // With all below it, it may; but then the view is there too.
  EXPECT_EQ(entered.status([&] {
    if (::mount(scratch.path().c_str(), "/tmp", nullptr, MS_BIND | MS_REC, nullptr) != 0) return 1;
    if (::access("/tmp/tree/shown.txt", F_OK) != 0) return 2;
    if (::umount2("/tmp/tree", MNT_DETACH) == 0) return 3;
    return ::access("/tmp/tree/secret.txt", F_OK) == 0 ? 4 : 0;
  }), 0);
}

TEST_P(Locked, what_is_read_only_or_without_devices_stays_so) {
  const Scratch scratch{GetParam()};
  Entered entered{scratch, setting()};
  const auto clear = [&](const char* path, unsigned long long bits) {
    return entered.status([&] {
      mount_attr loose{};
      loose.attr_clr = bits;
      return ::mount_setattr(AT_FDCWD, path, 0, &loose, sizeof loose) == 0 ? 0 : errno;
    });
  };
  EXPECT_EQ(clear("/", MOUNT_ATTR_NODEV), EPERM);
  EXPECT_EQ(clear("/sys", MOUNT_ATTR_RDONLY), EPERM);
  EXPECT_EQ(clear("/proc/sys", MOUNT_ATTR_RDONLY), EPERM);
  if (GetParam() == Who::root) {
    EXPECT_EQ(clear("/", MOUNT_ATTR_RDONLY), EPERM);
  }
}

}  // namespace
}  // namespace sluice::confine::test
