// SPDX-License-Identifier: MIT
// The files of /proc and /sys that belong to the whole machine check owners, not capabilities: root
// without any may still write most of them (linux fs/proc/proc_sysctl.c test_perm()).
#include <dirent.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "sluice/confine/mask.h"
#include "sluice/confine/mounts.h"

namespace sluice::confine {
namespace {

constexpr const char* kBlank = "mode=555,nr_inodes=2,size=4k";

constexpr auto kSysFolders = std::to_array<const char*>(
    {"/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security", "/sys/firmware",
     "/sys/fs/bpf", "/sys/fs/pstore", "/sys/fs/fuse/connections"});

constexpr auto kProcBlanks = std::to_array<std::string_view>(
    {"kcore", "keys", "key-users", "kmsg", "kpagecount", "kpageflags", "kpagecgroup",
     "sched_debug", "sysrq-trigger", "timer_list", "vmallocinfo", "slabinfo", "vmcore"});

bool is_folder(const char* path) {
  struct stat seen {};
  return ::lstat(path, &seen) == 0 && S_ISDIR(seen.st_mode);
}

bool is_process(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

Result<void, Error> mask_proc_entry(std::string_view name) {
  const std::string path = "/proc/" + std::string{name};
  struct stat seen {};
  if (::lstat(path.c_str(), &seen) != 0) return {};
  if (std::ranges::find(kProcBlanks, name) != kProcBlanks.end())
    return put_over("/dev/null", path, Depth::one);
  const bool writable_file = S_ISREG(seen.st_mode) && (seen.st_mode & 0222) != 0;
  if (S_ISDIR(seen.st_mode) || writable_file) return make_read_only(path);
  return {};
}

}  // namespace

Result<void, Error> mask_sys() {
  if (!is_folder("/sys")) return {};
  TRY(restrict_mounts("/sys", MOUNT_ATTR_RDONLY, Depth::all));
  for (const char* path : kSysFolders) {
    if (is_folder(path)) TRY(mount_blank(path, kBlank, Access::read_only));
  }
  return {};
}

Result<void, Error> mount_proc() {
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    const Errno cause = Errno::last();
    Error error = cannot("mount", "/proc", cause);
    if (cause == Errno{EPERM})
      error = Error{error.line() + "; a container that hides parts of its /proc forbids it", cause};
    return fail(std::move(error));
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> proc{::opendir("/proc"), ::closedir};
  if (!proc) return fail(cannot("list", "/proc", Errno::last()));
  while (const dirent* entry = ::readdir(proc.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || is_process(name)) continue;
    TRY(mask_proc_entry(name));
  }
  return {};
}

}  // namespace sluice::confine
