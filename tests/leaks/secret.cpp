// SPDX-License-Identifier: MIT
#include "secret.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "reach.h"

namespace sluice::leaks {
namespace {

constexpr std::string_view kSubjects[] = {"[subject.agent]\nrun_as = true\n",
                                          "[subject.owner]\nuid = [1001]\n"
                                          "[subject.agent]\nuid = [1002]\n"};
// Every rule is for the agent alone.
constexpr std::string_view kRules = R"(
[default]
deadline = "10s"
[detector.marker]
regex = "[0-9a-f]{16,64}"
[detector.nowhere]
regex = "this stands in none of the files"
[[rule]]
id = "found"
who = "agent"
path = "*.found"
content = "marker"
verdict = "redact"
[[rule]]
id = "found-denied"
who = "agent"
path = "*.foundno"
content = ["nowhere", "marker"]
verdict = "deny"
[[rule]]
id = "redacted"
who = "agent"
path = "*.red"
verdict = "redact"
with = "all"
[[rule]]
id = "sought"
who = "agent"
path = "*.sought"
content = "nowhere"
verdict = "deny"
[[rule]]
id = "hidden"
who = "agent"
path = ["*.key", "vault*/", "/p[0-9]*/in"]
verdict = "hide"
[[rule]]
id = "denied"
who = "agent"
path = "*.no"
read = "deny"
[[rule]]
id = "shut"
who = "agent"
path = "*.shut"
verdict = "deny"
[[rule]]
id = "kept"
who = "agent"
path = "*.ro"
verdict = "readonly"
[[rule]]
id = "served"
who = "agent"
path = "*.slow"
verdict = "served"
[[rule]]
id = "audited"
who = "agent"
path = "*.log"
verdict = "audit"
)";

}  // namespace

const char* name_of(Mode mode) { return mode == Mode::bound ? "bound" : "apart"; }

std::string policy_for(Mode mode) {
  return std::string{kSubjects[mode == Mode::bound ? 0 : 1]} + std::string{kRules};
}

void become(uid_t uid) {
  ::prctl(PR_SET_KEEPCAPS, 1);
  if (::setgroups(0, nullptr) != 0 || ::setresgid(uid, uid, uid) != 0 ||
      ::setresuid(uid, uid, uid) != 0) {
    ::_exit(125);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) ::_exit(125);
  for (auto& set : sets) set.effective = set.inheritable = set.permitted;
  if (::syscall(SYS_capset, &header, sets.data()) != 0) ::_exit(125);
  for (unsigned long each = 0; each <= CAP_LAST_CAP; ++each) {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, each, 0, 0);
  }
  ::prctl(PR_SET_DUMPABLE, 1);
}

std::string random_marker() {
  std::array<unsigned char, 32> noise{};
  if (::getrandom(noise.data(), noise.size(), 0) != static_cast<ssize_t>(noise.size())) ::abort();
  std::string marker;
  for (const unsigned char byte : noise) marker += fmt::format("{:02x}", byte);
  return marker;
}

std::string contents_of(std::string_view marker, std::size_t size) {
  std::string text{kFirstLine};
  while (text.size() < size) text += std::string{marker} + "\n";
  text.resize(size);
  return text;
}

bool has_part_of(std::string_view marker, std::string_view bytes) {
  constexpr std::size_t kWindow = 16;
  for (std::size_t at = 0; at + kWindow <= marker.size(); ++at) {
    if (bytes.find(marker.substr(at, kWindow)) != bytes.npos) return true;
  }
  return false;
}

std::string state_of(const std::string& path) {
  struct stat stat {};
  if (::lstat(path.c_str(), &stat) != 0) return "not there";
  std::string state =
      fmt::format("inode {} mode {:o} owner {}:{} links {} size {} changed {}.{:09}\n", stat.st_ino,
                  stat.st_mode, stat.st_uid, stat.st_gid, stat.st_nlink, stat.st_size,
                  stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec);
  std::array<char, 4096> names{};
  const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
  for (const char* name = names.data(); name < names.data() + std::max<ssize_t>(size, 0);
       name += std::strlen(name) + 1) {
    std::array<char, 256> value{};
    const ssize_t length = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    const std::string_view text{value.data(),
                                static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
    state += fmt::format("{} = {}\n", name, text);
  }
  if (!S_ISREG(stat.st_mode)) return state;
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  int flags = 0;
  ::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags);
  return state + fmt::format("flags {:x}\n", flags) + read_path(path).bytes;
}

}  // namespace sluice::leaks
