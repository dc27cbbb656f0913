// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <vector>

#include "escape.h"

namespace sluice::confine::escape {

// Asks for a handle of ARGS[0], and opens it: the way to files by number instead of by name.
int try_handle(Args args) {
  alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> room{};
  auto* handle = reinterpret_cast<file_handle*>(room.data());
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount_id = 0;
  ::name_to_handle_at(AT_FDCWD, args[0].c_str(), handle, &mount_id, 0);
  const int folder = ::open("/var/tmp", O_RDONLY | O_DIRECTORY);
  return worst({tell("open_by_handle_at", ::open_by_handle_at(folder, handle, O_RDONLY)),
                tell("cwd", ::open_by_handle_at(AT_FDCWD, handle, O_RDONLY))});
}

// Connects to a path or `@name` and takes a descriptor of a directory; shows its secret.txt.
int try_connect(Args args) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, args[0].data(), args[0].size());
  if (args[0][0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + args[0].size() +
                                           (args[0][0] == '@' ? 0 : 1));
  const int peer = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (tell("connect", ::connect(peer, reinterpret_cast<sockaddr*>(&address), size)) == kHeld)
    return kHeld;
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(peer, &message, 0) != 1 || CMSG_FIRSTHDR(&message) == nullptr) return kOut;
  int folder = -1;
  std::memcpy(&folder, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof folder);
  std::array<char, 64> bytes{};
  const int fd = ::openat(folder, "secret.txt", O_RDONLY);
  if (::read(fd, bytes.data(), bytes.size() - 1) > 0) std::printf("%s\n", bytes.data());
  return kOut;
}

// Lists every descriptor that it got; those from 3 up are ways out.
int try_descriptors(Args) {
  int status = kHeld;
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) continue;
    std::printf("%d\n", fd);
    if (fd > 2) status = kOut;
  }
  return status;
}

// A system call of the 32-bit machine, whose numbers mean something else: 21 is mount.
int try_foreign_call(Args) {
#if defined(__x86_64__)
  long result = 20;  // getpid
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  std::printf("%ld\n", result);
#endif
  return kOut;
}

// Tries to gain a namespace's privileges in a child first, and then to take the view away.
int try_nested(Args args) {
  const pid_t child = static_cast<pid_t>(::syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD,
                                                   0, 0, 0, 0));
  if (child < 0) return tell("clone", child);
  if (child == 0) ::_exit(tell("umount", ::umount2(args[0].c_str(), MNT_DETACH)));
  ::waitpid(child, nullptr, 0);
  return kOut;
}

int try_keyring(Args args) {
  const long key = std::stol(args[0]);
  std::array<char, 64> bytes{};
  return worst(
      {tell("read", ::syscall(SYS_keyctl, KEYCTL_READ, key, bytes.data(), bytes.size())),
       tell("session", ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)),
       tell("user", ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0)),
       tell("search", ::syscall(SYS_request_key, "user", "confine-test", nullptr, 0)),
       tell("add", ::syscall(SYS_add_key, "user", "x", "y", 1, KEY_SPEC_USER_KEYRING))});
}

}  // namespace sluice::confine::escape
