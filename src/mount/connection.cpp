// SPDX-License-Identifier: MIT
#include "sluice/mount/connection.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "abort.h"
#include "sluice/base/fd.h"

namespace sluice::mount {
namespace {

Result<Fd> open_for_writing(int folder, const std::string& path) noexcept {
  return own(::openat(folder, path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
}

// Gives the root of fusectl from a mount of our own that is at no place in the tree. There is one
// fusectl for the machine, so it shows the same connections as the usual mount of it.
Result<Fd> open_fusectl() noexcept {
  const Fd context = TRY(own(::fsopen("fusectl", FSOPEN_CLOEXEC)));
  TRY(checked(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0)));
  return own(::fsmount(context.get(), FSMOUNT_CLOEXEC,
                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
}

}  // namespace

Result<Fd> open_abort(std::uint32_t number) {
  const std::string below = std::to_string(number) + "/abort";
  auto usual = open_for_writing(AT_FDCWD, "/sys/fs/fuse/connections/" + below);
  if (usual || usual.error() != Errno{ENOENT}) return usual;
  const auto own_root = open_fusectl();
  if (!own_root) return fail(own_root.error());
  return open_for_writing(own_root->get(), below);
}

Result<void> abort_by(const Fd& control) noexcept {
  TRY(checked(retry_interrupted([&] { return ::write(control.get(), "1", 1); })));
  return {};
}

Result<void, Error> abort_connection(std::uint32_t number) {
  const auto control = open_abort(number);
  const auto aborted = control ? abort_by(*control) : Result<void>{fail(control.error())};
  if (aborted) return {};
  const std::string what = "cannot abort the FUSE connection " + std::to_string(number);
  return fail(Error::of(what, aborted.error()));
}

}  // namespace sluice::mount
