// SPDX-License-Identifier: MIT
// Real mounts: each way to make one, and what is said when there is none.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sluice/mount/mounted.h"
#include "sluice/mount/mountinfo.h"
#include "support.h"

namespace sluice::mount {
namespace {

using namespace test;
using enum MountFlag;

class Mounting : public testing::TestWithParam<Method> {
 protected:
  void SetUp() override {
    if (const auto why = no_mounts_here(); !why.empty()) GTEST_SKIP() << why;
  }
  Options options(const std::string& mountpoint, std::optional<Method> only = std::nullopt) const {
    Options made;
    made.mountpoint = mountpoint;
    made.source = "a source, of sorts";
    made.only = only;
    return made;
  }
  std::optional<MountEntry> entry_of(const std::string& path) const {
    const auto mounts = list_mounts();
    const MountEntry* found = mounts ? mount_at_point(path, *mounts) : nullptr;
    return found != nullptr ? std::optional{*found} : std::nullopt;
  }
};

INSTANTIATE_TEST_SUITE_P(ByEachWay, Mounting,
                         testing::Values(Method::new_api, Method::mount_call, Method::fusermount),
                         [](const auto& param) {
                           switch (param.param) {
                             case Method::new_api:
                               return "new_api";
                             case Method::mount_call:
                               return "mount_call";
                             case Method::fusermount:
                               return "fusermount";
                           }
                           return "none";
                         });

TEST_P(Mounting, gives_a_device_that_serves_the_mountpoint_until_it_is_unmounted) {
  const Place place;
  const std::string folder = place.folder("mnt");
  auto mounted = mount(options(folder, GetParam()));
  ASSERT_TRUE(mounted) << mounted.error().line();
  EXPECT_EQ(mounted->method(), GetParam());
  EXPECT_EQ(mounted->mountpoint(), folder);
  EXPECT_TRUE(mounted->privileged());
  EXPECT_NE(::fcntl(mounted->device().get(), F_GETFD) & FD_CLOEXEC, 0);
  TinyServer server{mounted->device()};

  struct stat seen {};
  ASSERT_EQ(::stat(folder.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_dev, mounted->st_dev());
  const auto entry = entry_of(folder);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->fs_type, "fuse.sluice");
  EXPECT_EQ(entry->source, "a source, of sorts");
  EXPECT_EQ(entry->connection(), mounted->connection());
  EXPECT_EQ(entry->super_option("default_permissions"), "");
  EXPECT_FALSE(entry->super_option("allow_other"));

  const auto unmounted = mounted->unmount();
  EXPECT_TRUE(unmounted) << unmounted.error().line();
  EXPECT_FALSE(entry_of(folder));
}

TEST_P(Mounting, asks_nothing_of_the_daemon_but_init) {
  const Place place;
  auto mounted = mount(options(place.folder("mnt"), GetParam()));
  ASSERT_TRUE(mounted) << mounted.error().line();
  TinyServer server{mounted->device()};
  ASSERT_TRUE(server.wait_for(Opcode::init));
  EXPECT_TRUE(mounted->unmount());
  EXPECT_EQ(server.requests(), 0u);
}

TEST_P(Mounting, passes_the_flags_on) {
  const Place place;
  Options wanted = options(place.folder("mnt"), GetParam());
  wanted.flags = {read_only, no_suid, no_dev, no_exec, no_atime};
  wanted.allow_other = true;
  wanted.max_read = 65536;
  const auto mounted = mount(wanted);
  ASSERT_TRUE(mounted) << mounted.error().line();
  const auto entry = entry_of(wanted.mountpoint);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->flags, wanted.flags);
  EXPECT_EQ(entry->super_option("ro"), "");
  EXPECT_EQ(entry->super_option("allow_other"), "");
  EXPECT_EQ(entry->super_option("max_read"), "65536");
}

TEST_P(Mounting, takes_a_file_as_mountpoint_when_the_root_is_one) {
  const Place place;
  Options wanted = options(place.file("mnt"), GetParam());
  wanted.root = RootKind::file;
  const auto mounted = mount(wanted);
  ASSERT_TRUE(mounted) << mounted.error().line();
  TinyServer server{mounted->device(), Manner::answers, S_IFREG};
  struct stat seen {};
  ASSERT_EQ(::stat(wanted.mountpoint.c_str(), &seen), 0);
  EXPECT_TRUE(S_ISREG(seen.st_mode));
  EXPECT_EQ(seen.st_dev, mounted->st_dev());
}

TEST_P(Mounting, goes_over_the_directory_that_it_is_to_show) {
  const Place place;
  const std::string folder = place.folder("both");
  place.file("both/below");
  const Fd lower{::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  auto mounted = mount_at(options(folder, GetParam()), lower);
  ASSERT_TRUE(mounted) << mounted.error().line();
  TinyServer server{mounted->device()};
  EXPECT_EQ(::faccessat(lower.get(), "below", F_OK, 0), 0);
  EXPECT_NE(::access((folder + "/below").c_str(), F_OK), 0);
  EXPECT_TRUE(mounted->unmount());
  EXPECT_EQ(::access((folder + "/below").c_str(), F_OK), 0);
}

TEST_P(Mounting, finds_a_mountpoint_with_odd_bytes_in_its_name) {
  const Place place;
  const std::string folder = place.folder("a b\t\\040,#\n\xff");
  auto mounted = mount(options(folder, GetParam()));
  ASSERT_TRUE(mounted) << mounted.error().line();
  EXPECT_TRUE(entry_of(folder));
  EXPECT_TRUE(mounted->unmount());
  EXPECT_FALSE(entry_of(folder));
}

using MountingOnce = Mounting;

TEST_F(MountingOnce, tries_the_new_interface_first) {
  const Place place;
  const auto mounted = mount(options(place.folder("mnt")));
  ASSERT_TRUE(mounted) << mounted.error().line();
  EXPECT_EQ(mounted->method(), Method::new_api);
}

TEST_F(MountingOnce, knows_flags_that_only_some_kernels_and_programs_know) {
  const Place place;
  for (Method method : {Method::new_api, Method::mount_call}) {
    Options wanted = options(place.folder("mnt"), method);
    wanted.flags = {no_symfollow, no_dir_atime, strict_atime};
    const auto mounted = mount(wanted);
    ASSERT_TRUE(mounted) << mounted.error().line();
    // strictatime is shown as the absence of the two others.
    EXPECT_EQ(entry_of(wanted.mountpoint)->flags, (Flags<MountFlag>{no_symfollow, no_dir_atime}));
  }
  Options wanted = options(place.folder("mnt"), Method::fusermount);
  wanted.flags = no_symfollow;
  EXPECT_TRUE(contains(mount(wanted).error().line(), "needs privileges"));
}

TEST_F(MountingOnce, mounts_where_the_descriptor_points_whatever_the_path_says) {
  const Place place;
  const std::string before = place.folder("before");
  const std::string after = place.path() + "/after";
  const Fd opened{::open(before.c_str(), O_PATH | O_CLOEXEC)};
  ASSERT_EQ(::rename(before.c_str(), after.c_str()), 0);
  place.folder("before");
  const auto mounted = mount_at(options(before), opened);
  ASSERT_TRUE(mounted) << mounted.error().line();
  EXPECT_EQ(mounted->mountpoint(), after);
  EXPECT_TRUE(entry_of(after));
  EXPECT_FALSE(entry_of(before));
}

TEST_F(MountingOnce, a_name_too_long_for_the_new_interface_goes_by_mount_2) {
  const Place place;
  Options wanted = options(place.folder("mnt"));
  wanted.source = std::string(1000, 's');
  const auto mounted = mount(wanted);
  ASSERT_TRUE(mounted) << mounted.error().line();
  EXPECT_EQ(mounted->method(), Method::mount_call);
  EXPECT_EQ(entry_of(wanted.mountpoint)->source, wanted.source);
}

// From here on fsopen(2) fails in this process with `error`, as in a container's filter.
bool refuse_fsopen(int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsopen, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{4, code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

TEST_F(MountingOnce, falls_back_to_mount_2_where_the_new_interface_is_missing_or_filtered) {
  const Place place;
  for (int error : {ENOSYS, EPERM}) {
    const std::string wrong = in_child([&]() -> std::string {
      if (!refuse_fsopen(error)) return "no filter";
      const auto mounted = mount(options(place.folder("mnt")));
      if (!mounted) return mounted.error().line();
      return mounted->method() == Method::mount_call ? "" : std::string{name(mounted->method())};
    });
    EXPECT_EQ(wrong, "") << error;
  }
}

TEST_F(MountingOnce, without_the_capability_root_is_told_what_is_missing) {
  const Place place;
  const std::string line = in_child([&]() -> std::string {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};
    if (::syscall(SYS_capset, &header, none) != 0) return "no capset";
    const auto mounted = mount(options(place.folder("mnt")));
    return mounted ? "mounted" : mounted.error().line();
  });
  EXPECT_TRUE(contains(line, "CAP_SYS_ADMIN")) << line;
  EXPECT_FALSE(contains(line, "\n")) << line;
}

TEST_F(MountingOnce, without_a_device_file_it_says_how_to_get_one) {
  const Place place;
  const std::string line = in_child([&]() -> std::string {
    const bool hidden = ::unshare(CLONE_NEWNS) == 0 &&
                        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                        ::mount("none", "/dev", "tmpfs", 0, nullptr) == 0;
    if (!hidden) return "no namespace";
    const auto mounted = mount(options(place.folder("mnt")));
    return mounted ? "mounted" : mounted.error().line();
  });
  EXPECT_EQ(line,
            "no `/dev/fuse`: load it with `modprobe fuse`; in a container, start that with"
            " `--device /dev/fuse`");
}

TEST_F(MountingOnce, without_fusermount3_it_names_the_package) {
  const Place place;
  const std::string line = in_child([&]() -> std::string {
    ::setenv("PATH", place.path().c_str(), 1);
    const auto mounted = mount(options(place.folder("mnt"), Method::fusermount));
    return mounted ? "mounted" : mounted.error().line();
  });
  EXPECT_EQ(line, "mounting without privileges needs `fusermount3`; install the package `fuse3`");
}

TEST_F(MountingOnce, a_wrong_mountpoint_is_named_with_what_is_wrong) {
  const Place place;
  const std::string file = place.file("file");
  const auto refusal = [&](const std::string& path, RootKind root = RootKind::directory) {
    Options wanted = options(path);
    wanted.root = root;
    const auto mounted = mount(wanted);
    return mounted ? Error{"mounted"} : mounted.error();
  };
  const std::string missing = place.path() + "/missing";
  EXPECT_EQ(refusal(missing).line(), "mountpoint `" + missing + "` does not exist");
  EXPECT_EQ(refusal(file).line(), "mountpoint `" + file + "` is not a directory");
  EXPECT_EQ(refusal(file).cause(), Errno{ENOTDIR});
  EXPECT_EQ(refusal(file + "/x").cause(), Errno{ENOTDIR});
  EXPECT_EQ(refusal(place.path(), RootKind::file).cause(), Errno{EISDIR});
  EXPECT_EQ(refusal("/dev/null", RootKind::file).cause(), Errno{EINVAL});
  EXPECT_EQ(refusal("").cause(), Errno{EINVAL});
  EXPECT_EQ(refusal(std::string{"/tmp\0/x", 7}).cause(), Errno{EINVAL});
  EXPECT_EQ(mount_at(options("/tmp"), Fd{}).error().cause(), Errno{EBADF});
}

TEST_F(MountingOnce, a_dead_mount_at_the_mountpoint_is_refused_with_the_remedy) {
  const Place place;
  const std::string folder = place.folder("mnt");
  auto first = mount(options(folder));
  ASSERT_TRUE(first) << first.error().line();
  first->release();
  first->take_device().reset();
  const auto second = mount(options(folder));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().cause(), Errno{ENOTCONN});
  EXPECT_EQ(second.error().line(), "mountpoint `" + folder +
                                       "` has a mount whose daemon is dead; run `sluice unmount " +
                                       folder + "`");
}

TEST_F(MountingOnce, a_silent_mount_at_the_mountpoint_is_refused_in_bounded_time) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const auto first = mount(options(folder));
  ASSERT_TRUE(first) << first.error().line();
  TinyServer server{first->device(), Manner::hangs};
  const auto second = mount(options(folder));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().cause(), Errno{ETIMEDOUT});
  EXPECT_TRUE(contains(second.error().line(), "--force")) << second.error().line();
}

TEST_F(MountingOnce, a_living_fuse_mount_can_be_mounted_over) {
  const Place place;
  const std::string folder = place.folder("mnt");
  auto first = mount(options(folder));
  ASSERT_TRUE(first) << first.error().line();
  TinyServer server{first->device()};
  auto second = mount(options(folder));
  ASSERT_TRUE(second) << second.error().line();
  EXPECT_EQ(entry_of(folder)->connection(), second->connection());
  EXPECT_TRUE(second->unmount());
  EXPECT_EQ(entry_of(folder)->connection(), first->connection());
}

}  // namespace
}  // namespace sluice::mount
