// SPDX-License-Identifier: MIT
#include "sluice/confine/dev.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "sluice/confine/mounts.h"

namespace sluice::confine {
namespace {

constexpr auto kUsual =
    std::to_array<const char*>({"null", "zero", "full", "random", "urandom", "tty"});

struct Link {
  const char* target;
  const char* name;
};
constexpr auto kLinks = std::to_array<Link>({{"pts/ptmx", "/dev/ptmx"},
                                             {"/proc/self/fd", "/dev/fd"},
                                             {"/proc/self/fd/0", "/dev/stdin"},
                                             {"/proc/self/fd/1", "/dev/stdout"},
                                             {"/proc/self/fd/2", "/dev/stderr"}});

// Gives the path of the terminal on a descriptor, if it is what lies there.
std::string terminal_of(int fd) {
  std::array<char, PATH_MAX> name{};
  if (::ttyname_r(fd, name.data(), name.size()) != 0) return "";
  return name.data();
}

Result<void, Error> make_folders(const std::string& file) {
  for (std::size_t at = file.find('/', 5); at != std::string::npos; at = file.find('/', at + 1)) {
    const std::string folder = file.substr(0, at);
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
      return fail(cannot("create", folder, Errno::last()));
  }
  return {};
}

// Makes a node like the kept one. False where device nodes may not be made.
bool make_node(const KeptDevice& device, const struct stat& like) {
  if (!S_ISCHR(like.st_mode)) return false;
  if (::mknod(device.path.c_str(), like.st_mode, like.st_rdev) != 0) return false;
  // A file system of a user namespace makes the node, but lets nobody open it.
  const Fd opened{::open(device.path.c_str(), O_PATH | O_CLOEXEC)};
  return opened && ::access(device.path.c_str(), R_OK) == 0 &&
         Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

Result<void, Error> add_device(const KeptDevice& device) {
  TRY(make_folders(device.path));
  struct stat like {};
  if (::fstat(device.tree.get(), &like) != 0)
    return fail(cannot("look at", device.path, Errno::last()));
  const bool usual = device.path != "/dev/console" && major(like.st_rdev) <= 5;
  if (usual && make_node(device, like)) return {};
  ::unlink(device.path.c_str());
  const int made = S_ISDIR(like.st_mode) ? ::mkdir(device.path.c_str(), 0755)
                                         : ::mknod(device.path.c_str(), S_IFREG | 0666, 0);
  if (made != 0) return fail(cannot("create", device.path, Errno::last()));
  return attach(device.tree, device.path);
}

// Group 5 is the terminals' on every distribution that has such a group; users cannot give it.
Result<void, Error> mount_terminals() {
  for (const char* options : {"newinstance,ptmxmode=0666,mode=620,gid=5",
                              "newinstance,ptmxmode=0666,mode=620"}) {
    if (::mount("none", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options) == 0) return {};
  }
  return fail(cannot("mount terminals at", "/dev/pts", Errno::last()));
}

Result<void, Error> fill() {
  for (const char* folder : {"/dev/pts", "/dev/shm"}) {
    if (::mkdir(folder, 0755) != 0) return fail(cannot("create", folder, Errno::last()));
  }
  for (const Link& link : kLinks) {
    if (::symlink(link.target, link.name) != 0)
      return fail(cannot("create", link.name, Errno::last()));
  }
  TRY(mount_terminals());
  return mount_blank("/dev/shm", "mode=1777", Access::writable);
}

}  // namespace

Result<std::vector<KeptDevice>, Error> keep_devices(std::span<const std::string> more) {
  std::vector<KeptDevice> devices;
  for (const char* name : kUsual) {
    const std::string path = std::string{"/dev/"} + name;
    auto tree = clone_tree(path, Depth::one);
    if (!tree) return fail(cannot("copy the mount of", path, tree.error()));
    devices.push_back({path, std::move(*tree)});
  }
  for (int fd = 0; fd <= 2; ++fd) {
    const std::string terminal = terminal_of(fd);
    if (terminal.empty()) continue;
    if (auto tree = clone_tree(terminal, Depth::one)) {
      devices.push_back({"/dev/console", std::move(*tree)});
    }
    break;
  }
  for (const std::string& path : more) {
    if (!path.starts_with("/dev/") || path.find("/../") != std::string::npos)
      return fail(Error{"the device `" + path + "` is not below `/dev`", EINVAL});
    auto tree = clone_tree(path, Depth::all);
    if (!tree) return fail(cannot("copy the mount of", path, tree.error()));
    devices.push_back({path, std::move(*tree)});
  }
  return devices;
}

Result<void, Error> mount_dev(const std::vector<KeptDevice>& devices) {
  if (::mount("none", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k") != 0)
    return fail(cannot("mount an empty directory over", "/dev", Errno::last()));
  const mode_t before = ::umask(0);
  auto done = fill();
  for (const KeptDevice& device : devices) {
    if (done) done = add_device(device);
  }
  ::umask(before);
  if (!done) return done;
  return restrict_mounts("/dev", MOUNT_ATTR_RDONLY, Depth::one);
}

}  // namespace sluice::confine
