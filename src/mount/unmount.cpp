// SPDX-License-Identifier: MIT
// The path is not an object here but a name in the list of mounts: finding it must not wait for
// the daemon that is to be freed.
#include "sluice/mount/unmount.h"

#include <limits.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "abort.h"
#include "sluice/mount/connection.h"
#include "take_down.h"

namespace sluice::mount {
namespace {

constexpr int kMostLinks = 40;  // what the kernel follows in one walk

Error about(std::string_view path, std::string_view what, Errno cause) {
  std::string line{"`"};
  line += path;
  line += "` ";
  line += what;
  return Error{std::move(line), cause};
}

Result<std::string> working_directory() {
  std::array<char, PATH_MAX> buffer;
  if (::getcwd(buffer.data(), buffer.size()) == nullptr) return fail_last();
  return std::string{buffer.data()};
}

// Gives the target if `path` is a symbolic link, and nothing if it is another object.
// errors: ENOENT, ENOTDIR, EACCES.
Result<std::optional<std::string>> link_target(const std::string& path) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlink(path.c_str(), buffer.data(), buffer.size());
  if (size >= 0) return std::string{buffer.data(), static_cast<std::size_t>(size)};
  if (errno == EINVAL) return std::nullopt;
  return fail_last();
}

// Gives `path`, which is absolute, without symbolic links, `.` and `..`. No FUSE file system is
// asked for anything, since it might never answer: a mount point cannot be a symbolic link, and
// names below one are taken as they are. (realpath(3) asks: for `mnt/..` it looks whether `mnt` is
// a directory.)
// errors: those of link_target(); ELOOP.
Result<std::string> resolve(std::string path, const std::vector<MountEntry>& mounts) {
  std::string made;  // resolved so far; "" stands for the root
  std::string rest = std::move(path);
  int links = 0;
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.find('/'), rest.size());
    const std::string part = rest.substr(0, size);
    rest.erase(0, size + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      made.erase(std::min(made.rfind('/'), made.size()));
      continue;
    }
    const std::string next = made + "/" + part;
    const MountEntry* holder = mount_of(next, mounts);
    const bool ask = holder == nullptr || (holder->mount_point != next && !holder->is_fuse());
    const auto target = ask ? TRY(link_target(next)) : std::nullopt;
    if (!target) {
      made = next;
      continue;
    }
    if (++links > kMostLinks) return fail(ELOOP);
    if (target->starts_with('/')) made.clear();
    rest = *target + "/" + rest;
  }
  return made.empty() ? "/" : made;
}

Result<MountEntry, Error> find_mount(std::string_view given,
                                     const std::vector<MountEntry>& mounts) {
  const auto cannot = [&](Errno why) {
    return fail(Error::of("cannot unmount `" + std::string{given} + "`", why));
  };
  if (given.empty() || given.find('\0') != std::string_view::npos) return cannot(EINVAL);
  std::string path{given};
  if (!path.starts_with('/')) {
    const auto folder = working_directory();
    if (!folder) return cannot(folder.error());
    path.insert(0, *folder + "/");
  }
  const auto resolved = resolve(std::move(path), mounts);
  if (!resolved) return cannot(resolved.error());
  const MountEntry* holder = mount_of(*resolved, mounts);
  if (holder != nullptr && holder->mount_point == *resolved) return *holder;
  std::string what{"is not a mount point"};
  if (holder != nullptr && holder->is_fuse()) {
    what += "; it lies in the FUSE mount `" + holder->mount_point + "`";
  }
  return fail(about(given, what, EINVAL));
}

// Takes the mount out of the tree and cuts its daemon off, so that nobody waits for it any more. In
// this order, since a daemon that is cut off may unmount at its end, and what was below would be
// unmounted in its place.
Result<void, Error> free_by_force(const MountEntry& mount) {
  const auto control = open_abort(mount.connection());
  constexpr int kForce = MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW;
  // A kernel without fusectl aborts on MNT_FORCE too, for root alone.
  if (!control && ::umount2(mount.mount_point.c_str(), kForce) == 0) return {};
  TRY(take_down(mount, Detach::yes));
  const auto aborted = control ? abort_by(*control) : Result<void>{fail(control.error())};
  // No such connection: nobody is left to wait for it.
  if (aborted || aborted.error() == Errno{ENOENT}) return {};
  return fail(Error::of("`" + mount.mount_point +
                            "` is unmounted, but programs that wait for its daemon stay blocked, "
                            "since its connection cannot be aborted",
                        aborted.error()));
}

Error busy(std::string_view path, Liveness liveness) {
  std::string line{"is in use; "};
  if (liveness == Liveness::silent) {
    line = "is in use and its daemon does not answer; ";
  } else {
    line += "see by whom with `fuser -vm " + std::string{path} + "`, or ";
  }
  line += "cut its users off with `sluice unmount --force " + std::string{path} + "`";
  return about(path, line, EBUSY);
}

}  // namespace

Result<void, Error> unmount(std::string_view path, Force force) {
  const auto mounts = TRY(list_mounts());
  const MountEntry mount = TRY(find_mount(path, mounts));
  if (!mount.is_fuse()) {
    return fail(about(path, "is not a FUSE mount but `" + mount.fs_type + "`", EINVAL));
  }
  if (force == Force::yes) return free_by_force(mount);
  const auto done = take_down(mount, Detach::no);
  if (done || done.error().cause() != Errno{EBUSY}) return done;
  const Liveness liveness = probe(mount, kProbeLimit);
  if (liveness == Liveness::dead) return take_down(mount, Detach::yes);
  return fail(busy(path, liveness));
}

}  // namespace sluice::mount
