// SPDX-License-Identifier: MIT
// The list of system calls that the inspector's processes have; any other ends the process. Memory
// can be had but never made executable, and files cannot be mapped: one that is cut short meanwhile
// would end the process.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sluice/content/sandbox.h"

namespace sluice::content {
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

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

constexpr auto kForAll = std::to_array<std::uint32_t>({
    SYS_pread64,
    SYS_lseek,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_close,
    SYS_fstat,
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_futex,
    SYS_getrandom,
    SYS_clock_gettime,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_restart_syscall,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_getpid,
    SYS_gettid,
    SYS_tgkill,
    SYS_exit,
    SYS_exit_group,
});
// Of clone(2) only what fork(3) asks for.
constexpr auto kForForker = std::to_array<std::uint32_t>({
    SYS_ppoll,
    SYS_wait4,
    SYS_kill,
    SYS_getppid,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_prctl,
    SYS_seccomp,
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_poll
    SYS_poll,
#endif
});
constexpr std::uint32_t kForbiddenClone =
    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP |
    CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

class Program {
 public:
  Program() {
    load(offsetof(seccomp_data, arch));
    skip_if(BPF_JEQ, kMachine, 1);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
    skip_unless(BPF_JGE, kForeignFrom, 1);
    answer(SECCOMP_RET_KILL_PROCESS);
  }

  void allow(std::uint32_t number) {
    skip_unless(BPF_JEQ, number, 1);
    answer(SECCOMP_RET_ALLOW);
  }
  // Allows it if none of `bits` is in the argument, of which the kernel takes 32 bits.
  void allow_without(std::uint32_t number, unsigned argument, std::uint32_t bits) {
    skip_unless(BPF_JEQ, number, 4);
    load(argument_at(argument));
    skip_if(BPF_JSET, bits, 1);
    answer(SECCOMP_RET_ALLOW);
    answer(SECCOMP_RET_KILL_PROCESS);
  }
  // Allows mapping anonymous memory that is not executable.
  void allow_mapping() {
    skip_unless(BPF_JEQ, SYS_mmap, 7);
    load(argument_at(2));
    skip_if(BPF_JSET, PROT_EXEC, 4);
    load(argument_at(3));
    skip_unless(BPF_JSET, MAP_ANONYMOUS, 2);
    skip_if(BPF_JSET, MAP_SHARED, 1);
    answer(SECCOMP_RET_ALLOW);
    answer(SECCOMP_RET_KILL_PROCESS);
  }
  void refuse(std::uint32_t number, std::uint32_t error) {
    skip_unless(BPF_JEQ, number, 1);
    answer(SECCOMP_RET_ERRNO | error);
  }

  std::vector<sock_filter> finish() {
    answer(SECCOMP_RET_KILL_PROCESS);
    return std::move(code_);
  }

 private:
  static std::uint32_t argument_at(unsigned argument) noexcept {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * argument);
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

std::vector<sock_filter> make_program(Filter filter) {
  Program program;
  for (const std::uint32_t number : kForAll) program.allow(number);
  if (filter == Filter::forker) {
    for (const std::uint32_t number : kForForker) program.allow(number);
    program.allow_without(SYS_clone, 0, kForbiddenClone);
    program.refuse(435 /* clone3 */, ENOSYS);
  }
  program.allow_without(SYS_mprotect, 2, PROT_EXEC);
  program.allow_mapping();
  return program.finish();
}

}  // namespace

bool filters_system_calls() noexcept { return !kSanitized; }

Result<void, Error> filter_system_calls(Filter filter) {
  if (kSanitized) return {};
  if (kMachine == 0)
    return fail(Error{"there is no filter of system calls for this machine yet", ENOSYS});
  std::vector<sock_filter> code = make_program(filter);
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0) return {};
  return fail(Error::of("cannot filter system calls", Errno::last()));
}

}  // namespace sluice::content
