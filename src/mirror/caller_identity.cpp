// SPDX-License-Identifier: MIT
#include "sluice/mirror/caller_identity.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "sluice/backing/credentials.h"

namespace sluice::mirror {
namespace {

// What a thread keeps under a caller's fsuid: passing permission bits that the kernel has checked
// already, and making device nodes, which it has checked too. Not CAP_FSETID: without it the lower
// file system strips setuid and setgid where it should.
constexpr std::array kKept{CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_MKNOD};

bool running_as_root() noexcept {
  static const bool root = ::geteuid() == 0;
  return root;
}

void raise_kept() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return;
  for (int capability : kKept) {
    const auto word = static_cast<std::size_t>(capability) / 32;
    const unsigned bit = 1U << (static_cast<unsigned>(capability) % 32);
    data[word].effective |= bit & data[word].permitted;
  }
  ::syscall(SYS_capset, &header, data.data());
}

// The umask that this thread has now; -1 until set.
thread_local int current_umask = -1;

}  // namespace

Result<void> prepare_thread() noexcept {
  if (::unshare(CLONE_FS) != 0) return fail_last();
  backing::shed_resource_privilege();
  return {};
}

void set_umask(std::uint32_t umask) noexcept {
  const int wanted = static_cast<int>(umask & 0777);
  if (wanted == current_umask) return;
  ::umask(static_cast<mode_t>(wanted));
  current_umask = wanted;
}

// The raw system calls act on the calling thread alone.
AsCaller::AsCaller(const fuse::Caller& caller, std::optional<Gid> group) noexcept {
  if (!running_as_root()) return;
  if (group) {
    const gid_t number = raw(*group);
    group_ = ::syscall(SYS_setgroups, std::size_t{1}, &number) == 0;
  }
  if (caller.uid == Uid{0} && caller.gid == Gid{0}) return;
  ids_ = true;
  ::syscall(SYS_setfsgid, raw(caller.gid));
  if (caller.uid == Uid{0}) return;
  ::syscall(SYS_setfsuid, raw(caller.uid));
  raise_kept();
}

AsCaller::~AsCaller() {
  if (ids_) {
    // Coming back to fsuid 0 puts the file system capabilities into the effective set again.
    ::syscall(SYS_setfsuid, 0);
    ::syscall(SYS_setfsgid, 0);
  }
  if (group_) ::syscall(SYS_setgroups, std::size_t{0}, nullptr);
}

}  // namespace sluice::mirror
