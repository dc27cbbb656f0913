// SPDX-License-Identifier: MIT
#include "sluice/confine/ids.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <sstream>

#include "sluice/confine/mounts.h"

namespace sluice::confine {
namespace {

// The kernel takes a map in one write, and none longer than a page.
Result<void, Error> write_map(int folder, const char* name, std::string_view text) {
  const Fd file{::openat(folder, name, O_WRONLY | O_CLOEXEC)};
  const ssize_t size = file ? ::write(file.get(), text.data(), text.size()) : -1;
  if (size == static_cast<ssize_t>(text.size())) return {};
  return fail(cannot("write the namespace's", name, Errno::last()));
}

std::string own_map(const char* path) {
  const Fd file{::open(path, O_RDONLY | O_CLOEXEC)};
  std::array<char, 4096> text{};
  std::string all;
  for (;;) {
    const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : -1;
    if (size <= 0) return all;
    all.append(text.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

bool is_privileged() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  return (sets[0].effective & (1u << CAP_SYS_ADMIN)) != 0;
}

Result<void, Error> map_own_ids(uid_t user, gid_t group) {
  const Fd self{::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  const std::string uid = std::to_string(user);
  const std::string gid = std::to_string(group);
  TRY(write_map(self.get(), "setgroups", "deny"));
  TRY(write_map(self.get(), "uid_map", uid + " " + uid + " 1\n"));
  return write_map(self.get(), "gid_map", gid + " " + gid + " 1\n");
}

std::string identity_of(std::string_view map) {
  std::istringstream lines{std::string{map}};
  std::string identity;
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  while (lines >> inside >> outside >> count) {
    const std::string first = std::to_string(inside);
    identity += first + " " + first + " " + std::to_string(count) + "\n";
  }
  return identity;
}

IdMaps read_own_maps() {
  return {.users = identity_of(own_map("/proc/self/uid_map")),
          .groups = identity_of(own_map("/proc/self/gid_map"))};
}

Result<void, Error> write_maps(const Fd& process, const IdMaps& maps) {
  TRY(write_map(process.get(), "uid_map", maps.users));
  return write_map(process.get(), "gid_map", maps.groups);
}

}  // namespace sluice::confine
