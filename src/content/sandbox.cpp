// SPDX-License-Identifier: MIT
#include "sluice/content/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "sluice/base/fd.h"

namespace sluice::content {
namespace {

using Lines = std::vector<std::string>;

// Nobody's, as everywhere in this program.
constexpr uid_t kNobody = 65534;
constexpr rlim_t kMostDescriptors = 64;

void add(Lines& missing, const char* what, Errno why) {
  std::string line{what};
  line += ": ";
  line += text(why);
  missing.push_back(std::move(line));
}

// When memory runs out it is better one of these than who asks it.
void volunteer_for_memory() noexcept {
  const Fd file{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
  if (file && ::write(file.get(), "500", 3) < 0) return;
}

std::uint64_t own_address_space() noexcept {
  std::array<char, 128> buffer{};
  const Fd file{::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
  if (!file || ::read(file.get(), buffer.data(), buffer.size() - 1) <= 0) return 0;
  unsigned long long pages = 0;
  if (std::sscanf(buffer.data(), "%llu", &pages) != 1) return 0;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void limit(__rlimit_resource_t what, rlim_t most) noexcept {
  const rlimit both{most, most};
  ::setrlimit(what, &both);
}

void limit_resources(std::uint64_t memory) noexcept {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, kMostDescriptors);
  // Sanitizers map terabytes.
  if (memory != 0 && filters_system_calls()) limit(RLIMIT_AS, own_address_space() + memory);
}

// A mount namespace would keep file systems mounted that others unmount; so there is none, and the
// root becomes a directory in which there is nothing to open.
void leave_machine(Lines& missing) {
  constexpr int kAlone = CLONE_NEWNET | CLONE_NEWIPC;
  if (::unshare(kAlone) != 0 && ::unshare(CLONE_NEWUSER | kAlone) != 0)
    add(missing, "inspectors have no network namespace of their own", Errno::last());
  if (::chdir("/proc/self/fdinfo") != 0 || ::chroot(".") != 0 || ::chdir("/") != 0)
    add(missing, "inspectors still have the file system's root", Errno::last());
}

void leave_root(Lines& missing) {
  if (::geteuid() != 0 && ::getuid() != 0) return;
  const bool left = ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
                    ::setresuid(kNobody, kNobody, kNobody) == 0;
  if (!left) add(missing, "inspectors are still root", Errno::last());
}

Error refused(const char* what) {
  return Error::of(std::string{"an inspector cannot give up "} + what, Errno::last());
}

// Who may not drop it needs not: no program is ever started, and none could be with more.
void empty_bounding_set() noexcept {
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) break;
  }
}

Result<void, Error> drop_capabilities() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return fail(refused("capabilities"));
  return {};
}

}  // namespace

Result<std::vector<std::string>, Error> give_up_everything(std::uint64_t memory) {
  Lines missing;
  volunteer_for_memory();
  limit_resources(memory);
  leave_machine(missing);
  empty_bounding_set();
  leave_root(missing);
  TRY(drop_capabilities());
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail(refused("being traced"));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(refused("new privileges"));
  TRY(filter_system_calls(Filter::forker));
  if (!filters_system_calls())
    missing.emplace_back("system calls of inspectors are not filtered in a build with sanitizers");
  return missing;
}

Result<void, Error> give_up_forking() { return filter_system_calls(Filter::worker); }

}  // namespace sluice::content
