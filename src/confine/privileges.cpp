// SPDX-License-Identifier: MIT
#include "sluice/confine/privileges.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "sluice/base/fd.h"

namespace sluice::confine {
namespace {

// As of Landlock's ABI 6; the system's header may be older. source: linux uapi/linux/landlock.h
struct LandlockRuleset {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;
  std::uint64_t scoped = 0;
};
constexpr std::uint64_t kScopeAbstractSockets = 1u << 0;
constexpr std::uint64_t kScopeSignals = 1u << 1;
constexpr long kScopesSince = 6;
constexpr unsigned kAskVersion = 1;
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

Error refused(const char* what) {
  return Error::of(std::string{"cannot give up "} + what, Errno::last());
}

Result<void, Error> give_up_capabilities() {
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // the first that this kernel does not know
    return fail(refused("the bounding set"));
  }
  constexpr unsigned long kBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                  SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (::prctl(PR_SET_SECUREBITS, kBits, 0, 0, 0) != 0) return fail(refused("root's privileges"));
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return fail(refused("the ambient set"));
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return fail(refused("capabilities"));
  return {};
}

// The session's keyring can hold keys that somebody outside put there.
void leave_keyring() { ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr); }

// One `lines` more for what is not shut.
Result<void, Error> shut_scopes(AbstractSockets abstract, std::vector<std::string>& lines) {
  if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion) < kScopesSince) {
    lines.emplace_back(
        "abstract sockets stay in reach, and signals of the own process group: this kernel's "
        "Landlock is missing or older than Linux 6.12");
    return {};
  }
  LandlockRuleset wanted;
  wanted.scoped = kScopeSignals;
  if (abstract == AbstractSockets::shut) {
    wanted.scoped |= kScopeAbstractSockets;
  } else {
    lines.emplace_back("abstract sockets stay in reach, because one was allowed");
  }
  const Fd rules{static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &wanted, sizeof wanted, 0))};
  if (!rules || ::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0)
    return fail(refused("abstract sockets with Landlock"));
  return {};
}

}  // namespace

Result<std::vector<std::string>, Error> give_up_privileges(AbstractSockets abstract) {
  std::vector<std::string> lines;
  leave_keyring();
  TRY(give_up_capabilities());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(refused("setuid programs"));
  TRY(shut_scopes(abstract, lines));
  return lines;
}

}  // namespace sluice::confine
