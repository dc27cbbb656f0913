// SPDX-License-Identifier: MIT
#include "escape.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "sluice/base/errno.h"

namespace sluice::confine::escape {

int tell(const char* name, long result) {
  const auto answer = result >= 0 ? "done" : std::string{sluice::name(Errno::last())};
  std::printf("%s: %s\n", name, answer.c_str());
  std::fflush(stdout);
  return result >= 0 ? kOut : kHeld;
}

int worst(std::initializer_list<int> statuses) {
  for (const int status : statuses) {
    if (status != kHeld) return kOut;
  }
  return kHeld;
}

namespace {

int try_umount(Args args) {
  const char* path = args[0].c_str();
  return worst({tell("umount", ::umount2(path, 0)), tell("detach", ::umount2(path, MNT_DETACH)),
                tell("force", ::umount2(path, MNT_FORCE)), tell("root", ::umount2("/", MNT_DETACH)),
                tell("expire", ::umount2(path, MNT_EXPIRE))});
}

int try_mounts(Args args) {
  const char* path = args[0].c_str();
  const char* folder = args[1].c_str();
  mount_attr loose{};
  loose.attr_clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
  return worst(
      {tell("bind", ::mount(path, folder, nullptr, MS_BIND, nullptr)),
       tell("bind parent", ::mount("/var/tmp", folder, nullptr, MS_BIND, nullptr)),
       tell("rbind", ::mount("/", folder, nullptr, MS_BIND | MS_REC, nullptr)),
       tell("move", ::mount(path, folder, nullptr, MS_MOVE, nullptr)),
       tell("remount", ::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr)),
       tell("shared", ::mount(nullptr, "/", nullptr, MS_SHARED | MS_REC, nullptr)),
       tell("tmpfs", ::mount("none", folder, "tmpfs", 0, nullptr)),
       tell("proc", ::mount("none", folder, "proc", 0, nullptr)),
       tell("open_tree", ::open_tree(AT_FDCWD, "/var/tmp", OPEN_TREE_CLONE | AT_RECURSIVE)),
       tell("open_tree path", ::open_tree(AT_FDCWD, "/var/tmp", 0)),
       tell("move_mount", ::move_mount(AT_FDCWD, path, AT_FDCWD, folder, 0)),
       tell("fsopen", ::fsopen("tmpfs", 0)), tell("fspick", ::fspick(AT_FDCWD, "/", 0)),
       tell("mount_setattr", ::mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &loose, sizeof loose)),
       tell("pivot_root", ::syscall(SYS_pivot_root, "/tmp", "/tmp")),
       tell("chroot", ::chroot("/tmp"))});
}

int try_setns(Args args) {
  std::vector<int> statuses;
  int status = kHeld;
  for (const char* kind : {"mnt", "user", "pid", "ipc", "net"}) {
    for (const std::string& pid : {std::string{"1"}, std::string{"self"}, args[0]}) {
      const int fd = ::open(("/proc/" + pid + "/ns/" + kind).c_str(), O_RDONLY);
      // A namespace that may be looked at is no way out; entering it is.
      if (fd >= 0) status = worst({status, tell(kind, ::setns(fd, 0))});
    }
  }
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(args[0]), 0));
  status = worst({status, tell("pidfd of outside", pidfd)});
  if (pidfd >= 0) status = worst({status, tell("setns pidfd", ::setns(pidfd, CLONE_NEWNS))});
  return status;
}

int try_mknod(Args args) {
  const dev_t disk = makedev(static_cast<unsigned>(std::stoul(args[0])),
                             static_cast<unsigned>(std::stoul(args[1])));
  const char* path = args[2].c_str();
  return worst({tell("mknod b", ::mknod(path, S_IFBLK | 0600, disk)),
                tell("mknod c", ::mknod(path, S_IFCHR | 0600, makedev(1, 1))),
                tell("mknodat b", ::mknodat(AT_FDCWD, path, S_IFBLK | 0600, disk))});
}

// Opens each, for reading and for writing, and shows what it could read.
int open_each(Args args, int flags) {
  int status = kHeld;
  for (const std::string& path : args) {
    const int fd = ::open(path.c_str(), flags);
    status = worst({status, tell(path.c_str(), fd)});
    std::array<char, 64> bytes{};
    const ssize_t size = fd >= 0 ? ::read(fd, bytes.data(), bytes.size()) : 0;
    if (size > 0) std::printf("%.*s\n", static_cast<int>(size), bytes.data());
  }
  return status;
}
int try_read(Args args) { return open_each(args, O_RDONLY); }
int try_write(Args args) { return open_each(args, O_WRONLY); }

int try_ptrace(Args args) {
  const pid_t pid = std::stoi(args[0]);
  return worst({tell("attach", ::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr)),
                tell("seize", ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr))});
}

int try_kill(Args args) {
  const pid_t pid = std::stoi(args[0]);
  return worst({tell("kill", ::kill(pid, SIGTERM)), tell("probe", ::kill(pid, 0)),
                tell("tgkill", ::syscall(SYS_tgkill, pid, pid, SIGTERM))});
}

// Pids of the own group that lie outside cannot be named, but kill(0) names the group.
int try_kill_group(Args) {
  ::signal(SIGUSR2, SIG_IGN);
  ::kill(0, SIGUSR2);
  return kHeld;
}

int try_unshare(Args) {
  clone_args with{};
  with.flags = CLONE_NEWUSER;
  with.exit_signal = SIGCHLD;
  return worst({tell("user", ::unshare(CLONE_NEWUSER)), tell("mount", ::unshare(CLONE_NEWNS)),
                tell("both", ::unshare(CLONE_NEWUSER | CLONE_NEWNS)),
                tell("pid", ::unshare(CLONE_NEWPID)), tell("net", ::unshare(CLONE_NEWNET)),
                tell("clone", ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)),
                tell("clone high", ::syscall(SYS_clone, (1ull << 40) | CLONE_NEWUSER | SIGCHLD, 0,
                                             0, 0, 0)),
                tell("clone3", ::syscall(SYS_clone3, &with, sizeof with))});
}

int try_type(Args) {
  const char key = 'x';
  const int terminal = ::open("/dev/tty", O_RDWR);
  const unsigned long high = (1ul << 32) | TIOCSTI;
  return worst({tell("TIOCSTI 0", ::ioctl(0, TIOCSTI, &key)),
                tell("TIOCSTI tty", ::ioctl(terminal, TIOCSTI, &key)),
                tell("TIOCSTI high", ::syscall(SYS_ioctl, terminal, high, &key)),
                tell("TIOCLINUX", ::ioctl(terminal, TIOCLINUX, &key))});
}

int try_kernel(Args) {
  bpf_attr attributes{};
  return worst({tell("bpf", ::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes)),
                tell("perf", ::syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0)),
                tell("userfaultfd", ::syscall(SYS_userfaultfd, 1)),
                tell("init_module", ::syscall(SYS_init_module, nullptr, 0, "")),
                tell("reboot", ::syscall(SYS_reboot, 0, 0, 0, nullptr)),
                tell("syslog", ::syscall(SYS_syslog, 3, nullptr, 0)),
                tell("swapon", ::syscall(SYS_swapon, "/x", 0)),
                tell("raw socket", ::socket(AF_INET, SOCK_RAW, 1))});
}

using Try = int (*)(Args);
const std::map<std::string, Try> kTries{
    {"umount", try_umount},         {"mounts", try_mounts},
    {"setns", try_setns},           {"mknod", try_mknod},
    {"read", try_read},             {"write", try_write},
    {"ptrace", try_ptrace},         {"kill", try_kill},
    {"kill-group", try_kill_group}, {"unshare", try_unshare},
    {"type", try_type},             {"kernel", try_kernel},
    {"handle", try_handle},         {"connect", try_connect},
    {"descriptors", try_descriptors}, {"foreign", try_foreign_call},
    {"nested", try_nested},         {"keyring", try_keyring},
};

}  // namespace
}  // namespace sluice::confine::escape

int main(int argc, char** argv) {
  using namespace sluice::confine::escape;
  const std::vector<std::string> words{argv + 1, argv + argc};
  if (words.empty() || !kTries.contains(words[0])) return 64;
  return kTries.at(words[0])(std::span{words}.subspan(1));
}
