// SPDX-License-Identifier: MIT
#include "find_mount.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "sluice/base/fd.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kType = "fuse.sluice";

uid_t owner_of(const mount::MountEntry& mount) {
  const std::string_view text = mount.super_option("user_id").value_or("0");
  uid_t owner = 0;
  std::from_chars(text.data(), text.data() + text.size(), owner);
  return owner;
}

}  // namespace

Result<mount::MountEntry, Error> find_mount(const std::string& path) {
  // O_PATH asks nothing of the daemon of the mount that is opened, be it dead or silent.
  const auto opened = own(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!opened) return fail(Error::of("cannot reach `" + path + "`", opened.error()));
  std::array<char, PATH_MAX> buffer;
  const std::string link = "/proc/self/fd/" + std::to_string(opened->get());
  const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
  if (size <= 0) return fail(Error::of("cannot find where `" + path + "` is", Errno::last()));
  const auto mounts = TRY(mount::list_mounts());
  const std::string_view real{buffer.data(), static_cast<std::size_t>(size)};
  const mount::MountEntry* found = mount::mount_of(real, mounts);
  if (found == nullptr || found->fs_type != kType) {
    return fail(
        Error{"`" + path + "` is not in a mount of Sluice's; `sluice status` lists them", EINVAL});
  }
  return *found;
}

Result<std::vector<mount::MountEntry>, Error> our_mounts() {
  auto mounts = TRY(mount::list_mounts());
  std::erase_if(mounts, [](const mount::MountEntry& mount) { return mount.fs_type != kType; });
  return mounts;
}

Result<control::Asking> connect(const mount::MountEntry& mount) {
  return control::Asking::mount(mount.connection(), owner_of(mount));
}

}  // namespace sluice::cli
