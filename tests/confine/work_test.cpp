// SPDX-License-Identifier: MIT
// What people do with commands must go on working inside.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>

#include "sluice/mount/mountinfo.h"
#include "support.h"

namespace sluice::confine::test {
namespace {

SLUICE_FOR_ROOT_AND_USER(Work);

bool has(const char* program) {
  return ::access(("/usr/bin/" + std::string{program}).c_str(), X_OK) == 0;
}

TEST_P(Work, proc_shows_the_commands_own_processes_alone) {
  const Scratch scratch{GetParam()};
  const Ran ran = shell(scratch, "cd /proc; echo [0-9]*; readlink self; sleep 0.01 & wait; exit 3",
                        setting());
  EXPECT_EQ(ran.status, 3);
  EXPECT_TRUE(ran.out.starts_with("1 2\n")) << ran.out;
}

TEST_P(Work, dev_has_the_usual_and_nothing_else) {
  const Scratch scratch{GetParam()};
  const Ran ran = shell(scratch, "ls /dev; ls /dev/pts; ls /dev/shm", setting());
  EXPECT_EQ(ran.out,
            "fd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n"
            "ptmx\n");
}

TEST_P(Work, the_devices_work) {
  const Scratch scratch{GetParam()};
  const Ran ran = shell(scratch,
                        "echo x > /dev/null && head -c 3 /dev/zero | wc -c && "
                        "head -c 5 /dev/urandom | wc -c && test -p /dev/stdout && "
                        "! echo x > /dev/full",
                        setting());
  EXPECT_EQ(ran.out, "3\n5\n");
  EXPECT_EQ(ran.status, 0) << ran.err;
}

TEST_P(Work, a_device_that_was_asked_for_is_there) {
  const Scratch scratch{GetParam()};
  Setting with = setting();
  with.plan = [](Plan& plan) { plan.devices = {"/dev/net/tun"}; };
  if (::access("/dev/net/tun", F_OK) != 0) GTEST_SKIP() << "has no /dev/net/tun";
  EXPECT_EQ(shell(scratch, "ls /dev/net; stat -c %t:%T /dev/net/tun", with).out, "tun\na:c8\n");
}

TEST_P(Work, terminals_and_shared_memory_can_be_made) {
  const Scratch scratch{GetParam()};
  if (!has("python3")) GTEST_SKIP() << "needs python3";
  const Ran ran = confined(scratch,
                           {"/usr/bin/python3", "-c",
                            "import os, pty\n"
                            "from multiprocessing import shared_memory, Pool\n"
                            "m, s = pty.openpty(); print(os.ttyname(s))\n"
                            "b = shared_memory.SharedMemory(create=True, size=10); b.close(); b.unlink()\n"
                            "print(Pool(2).map(abs, [-1, -2]))\n"},
                           setting());
  EXPECT_EQ(ran.out, "/dev/pts/0\n[1, 2]\n") << ran.err << ran.error;
}

// The view is a bind of the tree in these, which is like a mirror with nothing hidden.
Setting mirrored(const Scratch& scratch, Who who) {
  Setting setting{.who = who};
  setting.mount_views = [&]() -> Result<void, Error> {
    const std::string tree = scratch.tree();
    if (::mount(tree.c_str(), tree.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) return {};
    return fail(Error::of("test view", Errno::last()));
  };
  setting.before = [] {
    ::setenv("HOME", "/tmp", 1);
    ::setenv("PATH", "/usr/bin:/bin", 1);
  };
  setting.plan = [&](Plan& plan) { plan.directory = scratch.tree(); };
  return setting;
}

// A user's privileges in the stage's namespace would not survive exec(2): they are made ambient.
void keep_privileges() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  ::syscall(SYS_capget, &header, sets.data());
  for (auto& set : sets) set.inheritable = set.permitted;
  ::syscall(SYS_capset, &header, sets.data());
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);
}

// A view that a FUSE server outside answers for. It ends with the stage here; a server that lived on
// in the stage's mount namespace would keep that, and its own mount.
Result<void, Error> mount_hello(const std::string& tree) {
  const pid_t server = ::fork();
  if (server == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) ::dup2(null, fd);
    keep_privileges();
    ::execl(SLUICE_HELLO, "hello", tree.c_str(), nullptr);
    ::_exit(127);
  }
  for (int turn = 0; turn < 200; ++turn) {
    const auto mounts = mount::list_mounts();
    const mount::MountEntry* entry = mounts ? mount::mount_at_point(tree, *mounts) : nullptr;
    if (entry != nullptr && entry->is_fuse()) return {};
    ::usleep(50'000);
  }
  return fail(Error{"the server did not mount its view", EIO});
}

TEST_P(Work, a_view_of_a_fuse_server_is_answered_for_from_outside) {
  const Scratch scratch{GetParam()};
  if (::access("/dev/fuse", R_OK | W_OK) != 0) GTEST_SKIP() << "needs /dev/fuse";
  Setting served = setting();
  served.before_as_root = [&] {
    // Some machines let root alone open it.
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) != 0 ||
        ::mknod(scratch.path("fuse").c_str(), S_IFCHR, makedev(10, 229)) != 0 ||
        ::chmod(scratch.path("fuse").c_str(), 0666) != 0 ||
        ::mount(scratch.path("fuse").c_str(), "/dev/fuse", nullptr, MS_BIND, nullptr) != 0)
      ::_exit(97);
  };
  served.mount_views = [&] { return mount_hello(scratch.tree()); };
  served.plan = [&](Plan& plan) { plan.directory = scratch.tree(); };
  const Ran ran = shell(scratch, "cat hello; cat secret.txt; ls", served);
  EXPECT_EQ(ran.out, "Hello, world!\nhello\n") << ran.error << ran.err;
}

TEST_P(Work, git_commits) {
  const Scratch scratch{GetParam()};
  if (!has("git")) GTEST_SKIP() << "needs git";
  const Ran ran = shell(scratch,
                        "git init -q . && git add secret.txt && git -c user.name=n -c user.email=e "
                        "commit -q -m one && git log --format=%s && git status --short",
                        mirrored(scratch, GetParam()));
  EXPECT_EQ(ran.out, "one\n?? in/\n") << ran.err << ran.error;
}

TEST_P(Work, make_and_a_compiler_build_a_program_with_threads_that_runs) {
  const Scratch scratch{GetParam()};
  if (!has("make") || !has("g++")) GTEST_SKIP() << "needs make and g++";
  write_file(scratch.tree("a.cpp"),
             "#include <thread>\n#include <cstdio>\n"
             "int main() { std::thread t{[] { std::puts(\"built\"); }}; t.join(); }\n");
  write_file(scratch.tree("Makefile"), "a: a.cpp\n\t@g++ -pthread -o $@ $<\n\t@./a\n");
  // A make around these tests would lend its jobs, and its manners.
  const std::string make = "unset MAKEFLAGS MAKELEVEL MFLAGS; make -j2";
  EXPECT_EQ(shell(scratch, make, mirrored(scratch, GetParam())).out, "built\n");
}

TEST_P(Work, name_resolution_has_its_files) {
  const Scratch scratch{GetParam()};
  const Ran ran = shell(scratch, "test -s /etc/resolv.conf && test -r /etc/hosts && "
                                 "test -r /etc/nsswitch.conf && getent hosts localhost >&2 && echo all",
                        setting());
  EXPECT_EQ(ran.out, "all\n") << ran.err;
}

TEST_P(Work, tmp_is_shared_with_the_outside) {
  const Scratch scratch{GetParam()};
  const std::string name = "/tmp/confine-" + scratch.path().substr(18);
  EXPECT_EQ(shell(scratch, "echo inside > " + name, setting()).status, 0);
  EXPECT_EQ(read_file(name), "inside\n");
  ::unlink(name.c_str());
}

TEST_P(Work, a_debugger_may_trace_what_is_inside) {
  const Scratch scratch{GetParam()};
  if (!has("strace")) GTEST_SKIP() << "needs strace";
  const Ran ran = shell(scratch, "strace -f -o /dev/null sh -c 'echo traced'", setting());
  EXPECT_EQ(ran.out, "traced\n") << ran.err;
}

}  // namespace
}  // namespace sluice::confine::test
