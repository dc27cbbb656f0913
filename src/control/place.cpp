// SPDX-License-Identifier: MIT
#include "sluice/control/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "line_io.h"
#include "sluice/base/fd.h"

namespace sluice::control {
namespace {

constexpr std::string_view kSuffix = ".sock";
constexpr int kMostSwept = 10'000;

bool is_ours_alone(const Fd& folder) noexcept {
  struct stat stat {};
  return ::fstat(folder.get(), &stat) == 0 && S_ISDIR(stat.st_mode) && stat.st_uid == ::geteuid() &&
         (stat.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// The runtime folder that the session manager gives its user; empty where there is none that is
// his alone.
std::string runtime_folder() {
  const char* given = ::secure_getenv("XDG_RUNTIME_DIR");
  if (given == nullptr || given[0] != '/') return {};
  const Fd folder{::open(given, O_PATH | O_DIRECTORY | O_CLOEXEC)};
  return folder && is_ours_alone(folder) ? std::string{given} : std::string{};
}

std::string temporary_folder(uid_t owner) { return "/tmp/sluice-" + std::to_string(owner); }

Result<std::string, Error> make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return fail(Error::of("cannot make `" + path + "`", Errno::last()));
  }
  const Fd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!folder || !is_ours_alone(folder)) {
    return fail(Error{"`" + path + "` is not a folder of ours alone; remove it", EPERM});
  }
  // The umask may have taken too much, or an earlier version given too much.
  if (::fchmod(folder.get(), mode) != 0) {
    return fail(Error::of("cannot set the mode of `" + path + "`", Errno::last()));
  }
  return path;
}

bool is_dead(const std::string& path) {
  const auto address = address_of(path);
  const auto socket = make_socket();
  if (!address || !socket) return false;
  return ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) !=
             0 &&
         errno == ECONNREFUSED;
}

}  // namespace

Result<std::string, Error> own_folder() {
  if (::geteuid() == 0) return make_folder("/run/sluice", 0755);
  if (std::string runtime = runtime_folder(); !runtime.empty()) {
    return make_folder(runtime + "/sluice", 0700);
  }
  return make_folder(temporary_folder(::geteuid()), 0700);
}

std::string socket_name(std::uint32_t connection) {
  return std::to_string(connection).append(kSuffix);
}

std::vector<std::string> candidates(std::uint32_t connection, uid_t owner) {
  const std::string name = "/" + socket_name(connection);
  if (owner == 0) return {"/run/sluice" + name};
  std::vector<std::string> paths;
  if (owner == ::geteuid()) {
    if (const std::string runtime = runtime_folder(); !runtime.empty()) {
      paths.push_back(runtime + "/sluice" + name);
    }
  }
  paths.push_back("/run/user/" + std::to_string(owner) + "/sluice" + name);
  paths.push_back(temporary_folder(owner) + name);
  return paths;
}

void sweep(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing{::opendir(folder.c_str()), ::closedir};
  if (!listing) return;
  for (int left = kMostSwept; left > 0; --left) {
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr) return;
    // A name in the making has another suffix: it does not listen yet and is not dead.
    if (!std::string_view{entry->d_name}.ends_with(kSuffix)) continue;
    const std::string path = folder + "/" + entry->d_name;
    if (is_dead(path)) ::unlink(path.c_str());
  }
}

}  // namespace sluice::control
