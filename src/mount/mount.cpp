// SPDX-License-Identifier: MIT
// Looks at the mountpoint before anything is made, so that what is wrong with it is said in its own
// words, and then goes through the ways to mount until one is open.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <utility>

#include "attach.h"
#include "fusermount.h"
#include "sluice/mount/connection.h"
#include "sluice/mount/mounted.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::mount {
namespace {

constexpr std::array kWays{Method::new_api, Method::mount_call, Method::fusermount};

// The inode number of the first user namespace. source: linux include/linux/proc_ns.h
constexpr ino_t kInitialUserNamespace = 0xEFFFFFFDu;

std::unexpected<Error> wrong_mountpoint(std::string_view path, std::string_view what, Errno cause) {
  std::string line{"mountpoint `"};
  line += path;
  line += "` ";
  line += what;
  return fail(Error{std::move(line), cause});
}

Result<void, Error> check(const Options& options) {
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (has_nul(options.source) || has_nul(options.subtype) || has_nul(options.mountpoint)) {
    return fail(Error{"a name with a NUL byte cannot be mounted", EINVAL});
  }
  return {};
}

Result<Fd, Error> open_mountpoint(const std::string& path) {
  if (path.empty()) return fail(Error{"no mountpoint was given", EINVAL});
  auto opened = own(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (opened) return std::move(*opened);
  switch (opened.error().value()) {
    case ENOENT:
      return wrong_mountpoint(path, "does not exist", ENOENT);
    case ENOTCONN:
      return wrong_mountpoint(path, "lies in a mount whose daemon is dead; unmount that first",
                              ENOTCONN);
    default:
      return fail(Error::of("cannot reach mountpoint `" + path + "`", opened.error()));
  }
}

Result<std::string> path_of(int fd) {
  std::array<char, PATH_MAX> buffer;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const auto size = TRY(checked(::readlink(link.c_str(), buffer.data(), buffer.size())));
  return std::string{buffer.data(), static_cast<std::size_t>(size)};
}

Result<void, Error> check_type(const Options& options, std::uint32_t mode) {
  const std::string& path = options.mountpoint;
  if (options.root == RootKind::directory && mode != S_IFDIR) {
    return wrong_mountpoint(path, "is not a directory", ENOTDIR);
  }
  if (options.root == RootKind::file && mode == S_IFDIR) {
    return wrong_mountpoint(path, "is a directory, and the root of the mount is a file", EISDIR);
  }
  if (options.root == RootKind::file && mode != S_IFREG) {
    return wrong_mountpoint(path, "is not a regular file", EINVAL);
  }
  return {};
}

// A FUSE mount may be mounted over, but not one whose daemon is gone: that one has been forgotten,
// and would come to light again when ours goes.
Result<void, Error> check_for_stale(const Target& target) {
  const auto mounts = list_mounts();
  if (!mounts) return {};
  const MountEntry* there = mount_at_point(target.path, *mounts);
  if (there == nullptr || !there->is_fuse()) return {};
  const auto identity = identify(target.fd);
  if (!identity || identity->mount_id != there->id) return {};  // our descriptor lies below it
  switch (probe(*there, kProbeLimit)) {
    case Liveness::dead:
      return wrong_mountpoint(
          target.path, "has a mount whose daemon is dead; run `sluice unmount " + target.path + "`",
          ENOTCONN);
    case Liveness::silent:
      return wrong_mountpoint(target.path,
                              "has a mount whose daemon does not answer; run `sluice"
                              " unmount --force " +
                                  target.path + "`",
                              ETIMEDOUT);
    default:
      return {};
  }
}

Result<Attached, Error> attach_by_fusermount(const Options& options, const Target& target) {
  Fd device = TRY(fusermount(options, target.path));
  const Identity identity = TRY(find_attached(target, device));
  return Attached{std::move(device), identity};
}

Result<Attached, Error> attach(Method method, const Options& options, const Target& target) {
  switch (method) {
    case Method::new_api:
      return attach_by_new_api(options, target);
    case Method::mount_call:
      return attach_by_mount_call(options, target);
    case Method::fusermount:
      return attach_by_fusermount(options, target);
  }
  return fail(Error{"no such way to mount", EINVAL});
}

}  // namespace

// Makes Mounted objects; nobody else can.
class Mounter {
 public:
  static Result<Mounted, Error> mount(Options options, int mountpoint) {
    TRY(check(options));
    if (options.source.empty()) options.source = "sluice";
    const Target target = TRY(look_at(options, mountpoint));
    if (options.only) return mount_by(*options.only, options, target);
    for (Method method : kWays) {
      auto mounted = mount_by(method, options, target);
      if (mounted || is_final(method, mounted.error())) return mounted;
    }
    return fail(Error{"no way to mount is open", EPERM});
  }

 private:
  static Result<Target, Error> look_at(Options& options, int mountpoint) {
    Target target{
        .fd = mountpoint, .path = path_of(mountpoint).value_or(options.mountpoint), .mode = 0};
    if (options.mountpoint.empty()) options.mountpoint = target.path;
    TRY(check_for_stale(target));
    const auto identity = identify(mountpoint);
    if (!identity) {
      return fail(Error::of("cannot look at mountpoint `" + target.path + "`", identity.error()));
    }
    TRY(check_type(options, identity->mode));
    target.mode = identity->mode;
    return target;
  }

  // The setuid program helps nobody who is root already: then the first ways say what is missing.
  static bool is_final(Method method, const Error& error) noexcept {
    if (error.cause() != Errno{EPERM} && error.cause() != Errno{ENOSYS}) return true;
    return method == Method::fusermount || (method == Method::mount_call && ::geteuid() == 0);
  }

  static Result<Mounted, Error> mount_by(Method method, const Options& options,
                                         const Target& target) {
    Attached attached = TRY(attach(method, options, target));
    Mounted mounted;
    mounted.device_ = std::move(attached.device);
    mounted.mountpoint_ = target.path;
    mounted.method_ = method;
    mounted.privileged_ = may_administer();
    mounted.armed_ = true;
    mounted.mount_id_ = attached.identity.mount_id;
    mounted.unique_id_ = attached.identity.unique_id;
    mounted.major_ = attached.identity.major;
    mounted.minor_ = attached.identity.minor;
    return mounted;
  }
};

bool may_administer() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  if ((sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) == 0) return false;
  struct stat user_namespace {};
  if (::stat("/proc/self/ns/user", &user_namespace) != 0) return true;  // a kernel without them
  return user_namespace.st_ino == kInitialUserNamespace;
}

Result<Mounted, Error> mount(const Options& options) {
  TRY(check(options));
  const Fd mountpoint = TRY(open_mountpoint(options.mountpoint));
  return Mounter::mount(options, mountpoint.get());
}

Result<Mounted, Error> mount_at(const Options& options, const Fd& mountpoint) {
  if (!mountpoint) return fail(Error{"no mountpoint was given", EBADF});
  return Mounter::mount(options, mountpoint.get());
}

}  // namespace sluice::mount
