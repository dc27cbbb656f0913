// SPDX-License-Identifier: MIT
#include "sluice/backing/credentials.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace sluice::backing {
namespace {

constexpr unsigned kNobody = 65534;

// The raw calls act on the calling thread alone; glibc's setfsuid does so too, its capset wrapper
// lives in another library.
void set_ids(unsigned uid, unsigned gid) noexcept {
  ::syscall(SYS_setfsgid, gid);
  ::syscall(SYS_setfsuid, uid);
}

bool set_effective(int capability, bool on) noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  const auto word = static_cast<std::size_t>(capability) / 32;
  const unsigned bit = 1U << (static_cast<unsigned>(capability) % 32);
  const unsigned wanted = on ? data[word].effective | (bit & data[word].permitted)
                             : data[word].effective & ~bit;
  if (wanted == data[word].effective) return true;
  data[word].effective = wanted;
  return ::syscall(SYS_capset, &header, data.data()) == 0;
}

// Whether this thread has shed CAP_SYS_RESOURCE for good.
thread_local bool resource_shed = false;

}  // namespace

UnprivilegedScope::UnprivilegedScope(bool wanted) noexcept {
  if (!wanted || ::geteuid() != 0) return;
  // Leaving fsuid 0 takes the file system capabilities out of the effective set, CAP_FSETID among
  // them; coming back puts them in again. source: man 7 capabilities
  set_ids(kNobody, kNobody);
  if (!resource_shed) set_effective(CAP_SYS_RESOURCE, false);
  entered_ = true;
}

UnprivilegedScope::~UnprivilegedScope() {
  if (!entered_) return;
  if (!resource_shed) set_effective(CAP_SYS_RESOURCE, true);
  set_ids(0, 0);
}

void shed_resource_privilege() noexcept { resource_shed = set_effective(CAP_SYS_RESOURCE, false); }

}  // namespace sluice::backing
