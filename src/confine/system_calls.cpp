// SPDX-License-Identifier: MIT
// The filter is a plain list: load the number, compare, answer. Calls that are allowed whatever
// their arguments cost nothing, since the kernel works that out once (seccomp's action cache).
// Arguments that the kernel takes as 32 bits are compared as 32 bits: bits above change nothing.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sluice/confine/privileges.h"

namespace sluice::confine {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kForeignFrom = 0x40000000;  // x32
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeignFrom = 0xffffffff;
#else
constexpr std::uint32_t kMachine = 0;
constexpr std::uint32_t kForeignFrom = 0;
#endif

constexpr auto kRefused = std::to_array<std::uint32_t>({
    // Mounts and roots. From 424 on, all machines have the same numbers.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_swapon, SYS_swapoff,
    428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */,
    432 /* fsmount */, 433 /* fspick */, 442 /* mount_setattr */, 467 /* open_tree_attr */,
    // Files by their handles; quotas.
    SYS_open_by_handle_at, SYS_quotactl, 443 /* quotactl_fd */,
    // The kernel itself.
    SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_reboot, SYS_syslog, SYS_acct, SYS_vhangup,
    SYS_settimeofday, SYS_clock_settime, SYS_sethostname, SYS_setdomainname,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_ioperm
    SYS_ioperm, SYS_iopl,
#endif
    // Keys: keyrings of the user's sessions outside are reached by their numbers.
    SYS_add_key, SYS_request_key, SYS_keyctl,
});

constexpr std::uint32_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::uint32_t kNewTime = 0x80;  // of unshare(2) alone; clone(2) has the signal there

constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kAbsent = SECCOMP_RET_ERRNO | ENOSYS;

class Program {
 public:
  Program() {
    load(offsetof(seccomp_data, arch));
    skip_if(BPF_JEQ, kMachine, 1);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
    skip_unless(BPF_JGE, kForeignFrom, 1);
    answer(kAbsent);
  }

  // The number is loaded whenever one of these begins and ends.
  void refuse(std::uint32_t number, std::uint32_t with) {
    skip_unless(BPF_JEQ, number, 1);
    answer(with);
  }
  void refuse_bits(std::uint32_t number, unsigned argument, std::uint32_t bits) {
    refuse_argument(number, argument, 0, BPF_JSET, bits);
  }
  // Refuses when the argument, after `mask` if there is one, is `value`.
  void refuse_value(std::uint32_t number, unsigned argument, std::uint32_t mask,
                    std::uint32_t value) {
    refuse_argument(number, argument, mask, BPF_JEQ, value);
  }

  std::vector<sock_filter> finish() {
    answer(SECCOMP_RET_ALLOW);
    return std::move(code_);
  }

 private:
  void refuse_argument(std::uint32_t number, unsigned argument, std::uint32_t mask,
                       std::uint16_t test, std::uint32_t value) {
    skip_unless(BPF_JEQ, number, mask != 0 ? 5 : 4);
    load(static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * argument));
    if (mask != 0) code_.push_back({BPF_ALU | BPF_AND | BPF_K, 0, 0, mask});
    skip_unless(test, value, 1);
    answer(kRefuse);
    load(offsetof(seccomp_data, nr));
  }
  void load(std::size_t offset) {
    code_.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)});
  }
  void answer(std::uint32_t action) { code_.push_back({BPF_RET | BPF_K, 0, 0, action}); }
  void skip_if(std::uint16_t test, std::uint32_t value, std::uint8_t count) {
    code_.push_back({static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), count, 0, value});
  }
  void skip_unless(std::uint16_t test, std::uint32_t value, std::uint8_t count) {
    code_.push_back({static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), 0, count, value});
  }

  std::vector<sock_filter> code_;
};

std::vector<sock_filter> make_program() {
  Program program;
  for (const std::uint32_t number : kRefused) program.refuse(number, kRefuse);
  program.refuse(435 /* clone3 */, kAbsent);
  program.refuse_bits(SYS_clone, 0, kNamespaces);
  program.refuse_bits(SYS_unshare, 0, kNamespaces | kNewTime);
  for (const std::uint32_t type : {std::uint32_t{S_IFBLK}, std::uint32_t{S_IFCHR}}) {
#ifdef SYS_mknod
    program.refuse_value(SYS_mknod, 1, S_IFMT, type);
#endif
    program.refuse_value(SYS_mknodat, 2, S_IFMT, type);
  }
  for (const std::uint32_t command : {std::uint32_t{TIOCSTI}, std::uint32_t{TIOCLINUX}}) {
    program.refuse_value(SYS_ioctl, 1, 0, command);
  }
  return program.finish();
}

}  // namespace

Result<void, Error> filter_system_calls() {
  if (kMachine == 0)
    return fail(Error{"there is no filter of system calls for this machine yet", ENOSYS});
  std::vector<sock_filter> code = make_program();
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0) return {};
  return fail(Error::of("cannot filter system calls", Errno::last()));
}

}  // namespace sluice::confine
