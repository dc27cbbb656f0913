// SPDX-License-Identifier: MIT
// Each way out that a command might take, tried from inside.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "support.h"

namespace sluice::confine::test {
namespace {

SLUICE_FOR_ROOT_AND_USER(Escape);

#define EXPECT_HELD(ran)                                    \
  EXPECT_EQ((ran).status, kHeld) << (ran).out << (ran).err \
                                 << (ran).error << (ran).why

TEST_P(Escape, the_view_cannot_be_unmounted) {
  const Scratch scratch{GetParam()};
  EXPECT_HELD(escape(scratch, {"umount", scratch.tree()}, setting()));
  EXPECT_HELD(escape(scratch, {"umount", "/proc"}, setting()));
  EXPECT_HELD(escape(scratch, {"umount", "/dev"}, setting()));
}

TEST_P(Escape, nothing_can_be_mounted_bound_moved_or_loosened) {
  const Scratch scratch{GetParam()};
  ASSERT_EQ(::mkdir(scratch.path("mine").c_str(), 0777), 0);
  EXPECT_HELD(escape(scratch, {"mounts", scratch.tree(), scratch.path("mine")}, setting()));
}

TEST_P(Escape, no_other_namespace_can_be_made_or_entered) {
  const Scratch scratch{GetParam()};
  const Outsider outsider{scratch, GetParam()};
  EXPECT_HELD(escape(scratch, {"unshare"}, setting()));
  EXPECT_HELD(escape(scratch, {"nested", scratch.tree()}, setting()));
  EXPECT_HELD(escape(scratch, {"setns", outsider.pid()}, setting()));
}

TEST_P(Escape, the_disk_cannot_be_made_a_node_of_nor_read) {
  const Scratch scratch{GetParam()};
  struct stat seen {};
  ASSERT_EQ(::stat(scratch.tree().c_str(), &seen), 0);
  EXPECT_HELD(escape(scratch,
                     {"mknod", std::to_string(major(seen.st_dev)),
                      std::to_string(minor(seen.st_dev)), "/tmp/confine-node"},
                     setting()));
  EXPECT_HELD(escape(scratch, {"read", "/dev/vda", "/dev/sda", "/dev/mem", "/dev/kmem",
                               "/dev/port", "/dev/fuse", "/dev/kmsg", "/dev/loop-control"},
                     setting()));
}

// Such as one that a chroot has, left by its owner.
TEST_P(Escape, a_disks_node_that_lies_elsewhere_cannot_be_opened) {
  const Scratch scratch{GetParam()};
  struct stat seen {};
  ASSERT_EQ(::stat(scratch.tree().c_str(), &seen), 0);
  const std::string disk = scratch.path("disk");
  const std::string null = scratch.path("null");
  const uid_t owner = GetParam() == Who::root ? 0 : kUser;
  ASSERT_EQ(::mknod(disk.c_str(), S_IFBLK | 0600, seen.st_dev), 0);
  ASSERT_EQ(::mknod(null.c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  ASSERT_EQ(::chown(disk.c_str(), owner, owner), 0);
  EXPECT_HELD(escape(scratch, {"read", disk, null}, setting()));
}

TEST_P(Escape, files_cannot_be_opened_by_their_handles) {
  const Scratch scratch{GetParam()};
  EXPECT_HELD(escape(scratch, {"handle", "/var/tmp"}, setting()));
}

TEST_P(Escape, processes_outside_cannot_be_traced_signalled_or_looked_into) {
  const Scratch scratch{GetParam()};
  const Outsider outsider{scratch, GetParam()};
  EXPECT_HELD(escape(scratch, {"ptrace", outsider.pid()}, setting()));
  EXPECT_HELD(escape(scratch, {"kill", outsider.pid()}, setting()));
  const std::string proc = "/proc/" + outsider.pid();
  EXPECT_HELD(escape(scratch,
                     {"read", proc + "/root/etc/passwd", proc + "/cwd/secret.txt",
                      proc + "/fd/9/secret.txt", proc + "/environ", proc + "/mem", proc + "/maps"},
                     setting()));
  EXPECT_TRUE(outsider.is_alive());
}

// Nor through another mount of /proc that somebody left.
TEST_P(Escape, another_proc_shows_nothing) {
  const Scratch scratch{GetParam()};
  const Outsider outsider{scratch, GetParam()};
  ASSERT_EQ(::mkdir(scratch.path("proc").c_str(), 0755), 0);
  Setting with = setting();
  with.before_as_root = [&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) != 0 ||
        ::mount("none", scratch.path("proc").c_str(), "proc", 0, nullptr) != 0)
      ::_exit(97);
  };
  const std::string proc = scratch.path("proc/") + outsider.pid();
  EXPECT_HELD(escape(scratch,
                     {"read", proc + "/cmdline", proc + "/cwd/secret.txt", proc + "/root/etc/passwd"},
                     with));
}

TEST_P(Escape, init_cannot_be_looked_into) {
  const Scratch scratch{GetParam()};
  EXPECT_HELD(escape(scratch, {"ptrace", "1"}, setting()));
  EXPECT_HELD(escape(scratch,
                     {"read", "/proc/1/root/etc/passwd", "/proc/1/exe", "/proc/1/cwd/etc/passwd",
                      "/proc/1/environ", "/proc/1/mem", "/proc/1/fd/3", "/proc/1/fd/4",
                      "/proc/1/ns/mnt"},
                     setting()));
}

TEST_P(Escape, a_signal_to_the_own_group_stays_inside) {
  const Scratch scratch{GetParam()};
  Setting grouped = setting();
  grouped.before = [] {
    // A neighbour in the caller's group, whom SIGUSR2 would end.
    if (::fork() != 0) return;
    ::setpgid(0, ::getppid());
    ::usleep(300'000);
    static_cast<void>(!::write(1, "alive", 5));
    ::_exit(0);
  };
  grouped.before_as_root = [] { ::setpgid(0, 0); };
  const Ran ran = escape(scratch, {"kill-group"}, grouped);
  EXPECT_EQ(ran.out, "alive") << ran.error;
}

TEST_P(Escape, inherited_descriptors_are_closed) {
  const Scratch scratch{GetParam()};
  Setting with = setting();
  with.before = [&] {
    const int folder = ::open(scratch.tree().c_str(), O_RDONLY | O_DIRECTORY);
    for (const int number : {100, 163, 255, 1000}) ::dup2(folder, number);
  };
  const Ran ran = escape(scratch, {"descriptors"}, with);
  EXPECT_HELD(ran);
  EXPECT_EQ(ran.out, "0\n1\n2\n");
}

TEST_P(Escape, no_capability_is_left_nor_can_one_be_gained) {
  const Scratch scratch{GetParam()};
  const Ran ran =
      shell(scratch, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status", setting());
  EXPECT_EQ(ran.out,
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
            "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n");
}

TEST_P(Escape, a_setuid_program_gives_nothing) {
  const Scratch scratch{GetParam()};
  const std::string id = scratch.path("id");
  write_file(id, read_file("/usr/bin/id"), 0755);
  ASSERT_EQ(::chown(id.c_str(), 1, 1), 0);
  ASSERT_EQ(::chmod(id.c_str(), 06755), 0);
  const std::string uid = GetParam() == Who::root ? "0" : std::to_string(kUser);
  EXPECT_EQ(confined(scratch, {id, "-u"}, setting()).out, uid + "\n");
  EXPECT_EQ(confined(scratch, {id, "-g"}, setting()).out, uid + "\n");
}

TEST_P(Escape, keys_of_sessions_outside_cannot_be_read) {
  const Scratch scratch{GetParam()};
  Setting with = setting();
  long key = -1;
  // The session's keyring is inherited, as from a login.
  ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  key = ::syscall(SYS_add_key, "user", "confine-test", "secret", 6, KEY_SPEC_SESSION_KEYRING);
  if (key < 0) GTEST_SKIP() << "needs the kernel's key service";
  EXPECT_HELD(escape(scratch, {"keyring", std::to_string(key)}, with));
}

TEST_P(Escape, the_kernels_own_services_are_refused) {
  const Scratch scratch{GetParam()};
  EXPECT_HELD(escape(scratch, {"kernel"}, setting()));
}

TEST_P(Escape, a_call_of_another_machine_ends_the_process) {
#if defined(__x86_64__)
  const Scratch scratch{GetParam()};
  const Ran ran = escape(scratch, {"foreign"}, setting());
  EXPECT_EQ(ran.status, 128 + SIGSYS) << ran.out;
#else
  GTEST_SKIP() << "only x86-64 has one to try";
#endif
}

TEST_P(Escape, what_steers_the_machine_cannot_be_written) {
  const Scratch scratch{GetParam()};
  EXPECT_HELD(escape(
      scratch,
      {"write", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
       "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname", "/proc/irq/default_smp_affinity",
       "/proc/dynamic_debug/control", "/proc/bus/pci/devices", "/sys/kernel/uevent_helper",
       "/sys/power/state", "/sys/kernel/profiling", "/sys/fs/cgroup/cgroup.procs",
       "/sys/kernel/debug/x", "/sys/kernel/tracing/trace"},
      setting()));
  // It opens, but it is /dev/null that opens.
  const Ran ran = shell(scratch, "stat -c %t:%T /proc/sysrq-trigger /proc/kcore /proc/keys", setting());
  EXPECT_EQ(ran.out.find_first_not_of("1:3\n"), std::string::npos) << ran.out;
}

// A folder that lies neither in a view nor in /tmp or /var/tmp: the build's own, if it can be that.
std::string outside_folder() {
  const std::string build = SLUICE_BUILD;
  return build.starts_with("/tmp/") || build.starts_with("/var/tmp/") ? "/run" : build;
}

TEST(Outside, of_root_is_read_only_but_for_tmp_and_what_is_named) {
  if (const auto why = cannot_test(Who::root); !why.empty()) GTEST_SKIP() << why;
  const Scratch scratch{Who::root};
  const std::string folder = outside_folder() + "/confine-outside-" + scratch.path().substr(18);
  ASSERT_EQ(::mkdir(folder.c_str(), 0755), 0);
  const std::string script = "touch " + folder + "/x; touch " + scratch.path("b") +
                             " && echo tmp; touch " + scratch.tree("c") + " && echo view";
  EXPECT_EQ(shell(scratch, script).out, "tmp\nview\n");
  EXPECT_NE(::access((folder + "/x").c_str(), F_OK), 0);
  Setting named;
  named.plan = [&](Plan& plan) { plan.writable = {folder, "/no/such"}; };
  EXPECT_EQ(shell(scratch, "touch " + folder + "/x && rm " + folder + "/x", named).status, 0);
  Setting loose;
  loose.plan = [](Plan& plan) { plan.outside = Outside::as_is; };
  EXPECT_EQ(shell(scratch, "touch " + folder + "/x && rm " + folder + "/x", loose).status, 0);
  ::rmdir(folder.c_str());
}

}  // namespace
}  // namespace sluice::confine::test
