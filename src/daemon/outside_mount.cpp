// SPDX-License-Identifier: MIT
#include "sluice/daemon/outside_mount.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <filesystem>

namespace sluice::daemon {

std::string OutsideMount::below(const std::string& path) const {
  if (mountpoint_.empty()) return path;
  const std::string instead = "/proc/self/fd/" + std::to_string(source_);
  if (path == mountpoint_) return instead;
  if (mountpoint_ == "/") return path.starts_with('/') ? instead + path : path;
  if (!path.starts_with(mountpoint_) || path[mountpoint_.size()] != '/') return path;
  return instead + path.substr(mountpoint_.size());
}

Result<Fd> OutsideMount::open(const std::string& path, int flags, mode_t mode) const {
  const int all = flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  Fd file = TRY(own(::open(below(path).c_str(), all, mode)));
  if (mountpoint_.empty()) return file;
  struct stat stat {};
  TRY(checked(::fstat(file.get(), &stat)));
  if (stat.st_dev == device_) return fail(ELOOP);
  return file;
}

Result<std::string> path_for_later(const std::string& path) {
  const std::filesystem::path asked{path};
  const std::string folder = asked.has_parent_path() ? asked.parent_path().string() : ".";
  std::array<char, PATH_MAX> room;
  if (::realpath(folder.c_str(), room.data()) == nullptr) return fail_last();
  return (std::filesystem::path{room.data()} / asked.filename()).string();
}

}  // namespace sluice::daemon
