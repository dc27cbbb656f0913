// SPDX-License-Identifier: MIT
// fsopen(2) and its family hand out the mount before it has a place, so its identity is read from a
// descriptor and nobody can come between; mount(2) leaves us to look for what we made.
#include "attach.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "sluice/mount/mountinfo.h"

namespace sluice::mount {
namespace {

using enum MountFlag;

// Not in the C library's headers yet; Linux 5.10.
constexpr unsigned kAttrNoSymfollow = 0x200000;
constexpr unsigned long kMsNoSymfollow = 256;
constexpr std::size_t kLongestValue = 255;  // source: linux fs/fsopen.c FSCONFIG_SET_STRING

Result<Fd, Error> open_device() {
  auto device = own(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (device) return std::move(*device);
  const Errno cause = device.error();
  if (cause == Errno{ENOENT} || cause == Errno{ENODEV} || cause == Errno{ENXIO}) {
    return fail(
        Error{"no `/dev/fuse`: load it with `modprobe fuse`; in a container, start that with"
              " `--device /dev/fuse`",
              cause});
  }
  const bool closed = cause == Errno{EACCES} || cause == Errno{EPERM};
  return fail(Error::of("cannot open `/dev/fuse`", closed ? Errno{EPERM} : cause));
}

std::string octal(std::uint32_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%o", mode);
  return text.data();
}

Error failed(std::string_view path, Errno cause, std::string_view words = {}) {
  std::string line{"cannot mount on `"};
  line += path;
  line += "`: ";
  if (cause == Errno{EPERM}) {
    line += "this needs CAP_SYS_ADMIN; in a container, start that with `--cap-add SYS_ADMIN`";
  } else if (cause == Errno{ENODEV}) {
    line += "the kernel has no FUSE; load it with `modprobe fuse`";
  } else if (cause == Errno{ENOSPC}) {
    line += "the limit of mounts is reached; raise the sysctl `fs.mount-max`";
  } else if (cause == Errno{EBUSY}) {
    line += "it is busy: another mount is being made or removed there";
  } else {
    line += words.empty() ? text(cause) : words;
  }
  return Error{std::move(line), cause};
}

// Gives what the kernel has to say of a file system that it refused, without its "e " in front.
std::string complaint(const Fd& context) {
  std::array<char, 512> buffer{};
  const ssize_t size = ::read(context.get(), buffer.data(), buffer.size());
  if (size <= 0) return {};
  std::string words{buffer.data(), static_cast<std::size_t>(size)};
  while (words.ends_with('\n')) words.pop_back();
  if (words.size() > 2 && words[1] == ' ') words.erase(0, 2);
  return words;
}

struct Parameter {
  const char* key;
  std::string value;
};

std::array<Parameter, 4> kernel_parameters(const Fd& device, const Target& target) {
  return {Parameter{"fd", std::to_string(device.get())},
          {"rootmode", octal(target.mode)},
          {"user_id", std::to_string(::getuid())},
          {"group_id", std::to_string(::getgid())}};
}

// One file system being configured; remembers the first refusal.
class Context {
 public:
  explicit Context(Fd fd) noexcept : fd_{std::move(fd)} {}

  void set(const char* key, const std::string& value) {
    call(FSCONFIG_SET_STRING, key, value.c_str());
  }
  void set(const char* key) { call(FSCONFIG_SET_FLAG, key, nullptr); }
  Result<void> create() {
    call(FSCONFIG_CMD_CREATE, nullptr, nullptr);
    if (!error_) return {};
    return fail(Errno::from(error_));
  }
  const Fd& fd() const noexcept { return fd_; }

 private:
  void call(unsigned command, const char* key, const char* value) {
    if (error_ == 0 && ::fsconfig(fd_.get(), command, key, value, 0) != 0) error_ = errno;
  }
  Fd fd_;
  int error_ = 0;
};

void configure(Context& context, const Options& options, const Fd& device, const Target& target) {
  context.set("source", options.source);
  if (!options.subtype.empty()) context.set("subtype", options.subtype);
  for (const Parameter& parameter : kernel_parameters(device, target)) {
    context.set(parameter.key, parameter.value);
  }
  if (options.default_permissions) context.set("default_permissions");
  if (options.allow_other) context.set("allow_other");
  if (options.max_read) context.set("max_read", std::to_string(*options.max_read));
  // These belong to the file system; of read_only each mount has its own besides.
  if (options.flags.has(read_only)) context.set("ro");
  if (options.flags.has(synchronous)) context.set("sync");
  if (options.flags.has(dir_sync)) context.set("dirsync");
}

unsigned attributes(Flags<MountFlag> flags) noexcept {
  unsigned bits = MOUNT_ATTR_RELATIME;  // no bit at all
  const bool strict = flags.has(strict_atime) && !flags.has(relatime) && !flags.has(no_atime);
  if (flags.has(no_atime)) bits |= MOUNT_ATTR_NOATIME;
  if (strict) bits |= MOUNT_ATTR_STRICTATIME;
  if (flags.has(read_only)) bits |= MOUNT_ATTR_RDONLY;
  if (flags.has(no_suid)) bits |= MOUNT_ATTR_NOSUID;
  if (flags.has(no_dev)) bits |= MOUNT_ATTR_NODEV;
  if (flags.has(no_exec)) bits |= MOUNT_ATTR_NOEXEC;
  if (flags.has(no_dir_atime)) bits |= MOUNT_ATTR_NODIRATIME;
  if (flags.has(no_symfollow)) bits |= kAttrNoSymfollow;
  return bits;
}

unsigned long mount_flags(Flags<MountFlag> flags) noexcept {
  unsigned long bits = 0;
  const bool strict = flags.has(strict_atime) && !flags.has(relatime) && !flags.has(no_atime);
  if (flags.has(no_atime)) bits |= MS_NOATIME;
  if (strict) bits |= MS_STRICTATIME;
  if (!strict && !flags.has(no_atime)) bits |= MS_RELATIME;
  if (flags.has(read_only)) bits |= MS_RDONLY;
  if (flags.has(no_suid)) bits |= MS_NOSUID;
  if (flags.has(no_dev)) bits |= MS_NODEV;
  if (flags.has(no_exec)) bits |= MS_NOEXEC;
  if (flags.has(no_dir_atime)) bits |= MS_NODIRATIME;
  if (flags.has(no_symfollow)) bits |= kMsNoSymfollow;
  if (flags.has(synchronous)) bits |= MS_SYNCHRONOUS;
  if (flags.has(dir_sync)) bits |= MS_DIRSYNC;
  return bits;
}

std::string mount_data(const Options& options, const Fd& device, const Target& target) {
  std::string data;
  for (const Parameter& parameter : kernel_parameters(device, target)) {
    data += parameter.key;
    data += '=';
    data += parameter.value;
    data += ',';
  }
  if (options.default_permissions) data += "default_permissions,";
  if (options.allow_other) data += "allow_other,";
  if (options.max_read) data += "max_read=" + std::to_string(*options.max_read) + ',';
  data.pop_back();
  return data;
}

}  // namespace

Result<Attached, Error> attach_by_new_api(const Options& options, const Target& target) {
  const auto refused = [&](Errno cause, std::string_view words = {}) {
    return fail(failed(target.path, cause, words));
  };
  if (options.source.size() > kLongestValue) {
    return refused(ENOSYS, "a name of more than 255 bytes needs mount(2)");
  }
  Fd device = TRY(open_device());
  auto opened = own(::fsopen("fuse", FSOPEN_CLOEXEC));
  if (!opened) return refused(opened.error());
  Context context{std::move(*opened)};
  configure(context, options, device, target);
  if (const auto created = context.create(); !created) {
    return refused(created.error(), complaint(context.fd()));
  }
  const auto tree = own(::fsmount(context.fd().get(), FSMOUNT_CLOEXEC, attributes(options.flags)));
  if (!tree) return refused(tree.error());
  const auto identity = identify(tree->get());
  if (!identity) return refused(identity.error());
  constexpr unsigned kBothByFd = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (::move_mount(tree->get(), "", target.fd, "", kBothByFd) != 0) return refused(Errno::last());
  return Attached{std::move(device), *identity};
}

Result<Attached, Error> attach_by_mount_call(const Options& options, const Target& target) {
  Fd device = TRY(open_device());
  const std::string place = "/proc/self/fd/" + std::to_string(target.fd);
  const std::string type = options.subtype.empty() ? "fuse" : "fuse." + options.subtype;
  const std::string data = mount_data(options, device, target);
  if (::mount(options.source.c_str(), place.c_str(), type.c_str(), mount_flags(options.flags),
              data.c_str()) != 0) {
    return fail(failed(target.path, Errno::last()));
  }
  const Identity identity = TRY(find_attached(target, device));
  return Attached{std::move(device), identity};
}

Result<Identity, Error> find_attached(const Target& target, const Fd& device) {
  const auto mounts = TRY(list_mounts());
  const MountEntry* found = mount_at_point(target.path, mounts);
  // Linux 6.17 and later tell which connection a device belongs to.
  const auto connection = fdinfo_number(device.get(), "fuse_connection");
  const bool ours = found != nullptr && found->is_fuse() &&
                    (!connection || *connection == static_cast<std::int64_t>(found->connection()));
  if (!ours) {
    return fail(Error{
        "cannot mount on `" + target.path + "`: another mount was put over it meanwhile", EBUSY});
  }
  Identity identity{.mount_id = found->id, .major = found->major, .minor = found->minor};
  const auto root = own(::open(target.path.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
  if (!root) return identity;
  const auto seen = identify(root->get());
  if (seen && seen->mount_id == identity.mount_id) identity.unique_id = seen->unique_id;
  return identity;
}

}  // namespace sluice::mount
