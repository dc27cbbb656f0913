// SPDX-License-Identifier: MIT
// Order: copies of the allowed sockets are taken first, then folders and single sockets are hidden,
// then the copies are put back, into the empty folders if need be.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

#include "sluice/base/fd.h"
#include "sluice/confine/mask.h"
#include "sluice/confine/mounts.h"
#include "sluice/confine/sockets.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::confine {
namespace {

using mount::is_at_or_below;

// A user who binds sockets by the thousand must not make each start slower than this.
constexpr std::size_t kMostSockets = 4096;
constexpr std::size_t kMostText = 4u << 20;
constexpr const char* kFolderOptions = "mode=755,nr_inodes=4096,size=16m";

std::optional<struct stat> look(const std::string& path) {
  struct stat seen {};
  if (::lstat(path.c_str(), &seen) != 0) return std::nullopt;
  return seen;
}

bool is_folder(const std::string& path) {
  const auto seen = look(path);
  return seen && S_ISDIR(seen->st_mode);
}

// Folders and sockets of others come and go meanwhile: what fails because its name has gone is well.
// One that is being removed may still be found, and not be mounted on, for a moment.
template <class Attempt>
Result<void, Error> unless_gone(const std::string& path, Attempt attempt) {
  constexpr int kTries = 5;
  for (int tries = 1;; ++tries) {
    auto done = attempt();
    if (done || tries == kTries) return done;
    if (!look(path)) return {};
    ::usleep(1000);
  }
}

Result<std::string, Error> read_unix_table() {
  const auto file = own(::open("/proc/net/unix", O_RDONLY | O_CLOEXEC));
  if (!file) return fail(cannot("read", "/proc/net/unix", file.error()));
  std::string text;
  std::array<char, 1 << 14> piece{};
  while (text.size() < kMostText) {
    const auto size = checked(
        retry_interrupted([&] { return ::read(file->get(), piece.data(), piece.size()); }));
    if (!size) return fail(cannot("read", "/proc/net/unix", size.error()));
    if (*size == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(*size));
  }
  return fail(Error{"more sockets are bound here than can be hidden", E2BIG});
}

class Mask {
 public:
  Mask(std::span<const std::string> views, std::span<const std::string> allowed)
      : views_{views}, allowed_{allowed} {}

  Result<Masked, Error> run() {
    TRY(keep_allowed());
    TRY(hide_folders());
    TRY(hide_sockets());
    TRY(put_back());
    return std::move(masked_);
  }

 private:
  struct Kept {
    std::string path;
    Fd tree;
  };

  // A folder that a view or another hidden folder covers needs nothing; one that holds a view
  // cannot be hidden without it.
  bool is_free(const std::string& path) const {
    return std::ranges::none_of(views_, [&](const std::string& view) {
      return is_at_or_below(path, view) || is_at_or_below(view, path);
    });
  }

  bool is_hidden(const std::string& path) const {
    return std::ranges::any_of(folders_,
                               [&](const std::string& each) { return is_at_or_below(path, each); });
  }

  Result<void, Error> keep_allowed() {
    for (const std::string& path : allowed_) {
      if (path.starts_with('@')) continue;
      auto tree = clone_tree(path, Depth::one);
      if (!tree) return fail(cannot("allow the socket", path, tree.error()));
      kept_.push_back({path, std::move(*tree)});
    }
    return {};
  }

  Result<void, Error> hide_folder(const std::string& path) {
    if (!is_folder(path) || !is_free(path) || is_hidden(path)) return {};
    const bool stays_writable = path == "/run/user" || is_private(path);
    const Access access =
        stays_writable || holds_allowed(path) ? Access::writable : Access::read_only;
    TRY(unless_gone(path, [&] { return mount_blank(path, kFolderOptions, access); }));
    if (!stays_writable && access == Access::writable) filled_.push_back(path);
    folders_.push_back(path);
    masked_.paths.push_back(path);
    return {};
  }

  Result<void, Error> hide_folders() {
    for (const std::string_view path : socket_folders()) TRY(hide_folder(std::string{path}));
    TRY(hide_runtime_folders());
    const std::unique_ptr<DIR, int (*)(DIR*)> tmp{::opendir("/tmp"), ::closedir};
    while (const dirent* entry = tmp ? ::readdir(tmp.get()) : nullptr) {
      const std::string_view name = entry->d_name;
      const bool known = std::ranges::any_of(socket_folder_prefixes(),
                                             [&](auto prefix) { return name.starts_with(prefix); });
      if (!known) continue;
      const std::string path = "/tmp/" + std::string{name};
      const auto seen = look(path);
      if (seen && seen->st_uid == ::geteuid()) TRY(hide_folder(path));
    }
    return {};
  }

  // The runtime folder stays, empty and the command's own: many programs want one.
  Result<void, Error> hide_runtime_folders() {
    const std::string ours = "/run/user/" + std::to_string(::geteuid());
    const bool had_one = is_folder(ours);
    TRY(hide_folder("/run/user"));
    if (had_one && is_hidden(ours)) TRY(make_runtime_folder(ours));
    const char* named = ::getenv("XDG_RUNTIME_DIR");
    const std::string path = named != nullptr ? named : "";
    const auto seen = path.starts_with('/') ? look(path) : std::nullopt;
    // Only one that is private already; the variable may say anything, `/` as well.
    if (seen && seen->st_uid == ::geteuid() && (seen->st_mode & 0077) == 0 && !holds_home(path)) {
      TRY(hide_folder(path));
    }
    return {};
  }

  static bool holds_home(const std::string& path) {
    const char* home = ::getenv("HOME");
    return home != nullptr && is_at_or_below(home, path);
  }

  static Result<void, Error> make_runtime_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 && ::chown(path.c_str(), ::geteuid(), ::getegid()) == 0)
      return {};
    return fail(cannot("create", path, Errno::last()));
  }

  Result<void, Error> hide_sockets() {
    std::vector<std::string> paths = bound_paths(TRY(read_unix_table()));
    // The agent's may be bound in another network namespace and then is not in the table.
    for (const char* variable : {"SSH_AUTH_SOCK", "NOTIFY_SOCKET", "PODMAN_SOCK"}) {
      if (const char* path = ::getenv(variable); path != nullptr && *path == '/')
        paths.emplace_back(path);
    }
    for (const char* path : {"/run/initctl", "/run/systemd/initctl/fifo"}) paths.emplace_back(path);
    if (paths.size() > kMostSockets)
      return fail(Error{"more sockets are bound here than can be hidden", E2BIG});
    mounts_ = TRY(mount::list_mounts());
    for (const std::string& path : paths) TRY(hide_socket(path));
    return {};
  }

  Result<void, Error> hide_socket(const std::string& path) {
    if (is_hidden(path) || std::ranges::count(allowed_, path) != 0) return {};
    const bool in_view = std::ranges::any_of(
        views_, [&](const std::string& view) { return is_at_or_below(path, view); });
    if (in_view) return {};
    // Anybody can bind one below a mount of his own that never answers; to look would be to wait.
    const mount::MountEntry* entry = mount::mount_of(path, mounts_);
    if (entry != nullptr && entry->is_fuse()) {
      masked_.missing.push_back("the socket `" + path + "` lies on a FUSE mount and stays there");
      return {};
    }
    const auto seen = look(path);
    if (!seen || !(S_ISSOCK(seen->st_mode) || S_ISFIFO(seen->st_mode))) return {};
    TRY(unless_gone(path, [&] { return put_over("/dev/null", path, Depth::one); }));
    masked_.paths.push_back(path);
    return {};
  }

  Result<void, Error> put_back() {
    for (const Kept& kept : kept_) {
      if (!is_hidden(kept.path)) continue;
      TRY(make_file(kept.path));
      TRY(attach(kept.tree, kept.path));
    }
    for (const std::string& folder : filled_) {
      TRY(restrict_mounts(folder, MOUNT_ATTR_RDONLY, Depth::one));
    }
    return {};
  }

  bool holds_allowed(const std::string& folder) const {
    return std::ranges::any_of(
        kept_, [&](const Kept& kept) { return is_at_or_below(kept.path, folder); });
  }

  static bool is_private(const std::string& folder) {
    const char* named = ::getenv("XDG_RUNTIME_DIR");
    return named != nullptr && folder == named;
  }

  Result<void, Error> make_file(const std::string& path) const {
    const auto folder = std::ranges::find_if(
        folders_, [&](const std::string& each) { return is_at_or_below(path, each); });
    for (std::size_t at = path.find('/', folder->size() + 1); at != std::string::npos;
         at = path.find('/', at + 1)) {
      if (::mkdir(path.substr(0, at).c_str(), 0755) != 0 && errno != EEXIST)
        return fail(cannot("create", path.substr(0, at), Errno::last()));
    }
    const Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (file) return {};
    return fail(cannot("create", path, Errno::last()));
  }

  std::span<const std::string> views_;
  std::span<const std::string> allowed_;
  std::vector<Kept> kept_;
  std::vector<std::string> folders_;
  std::vector<std::string> filled_;  // of them, those that are writable until all is put back
  std::vector<mount::MountEntry> mounts_;
  Masked masked_;
};

}  // namespace

Result<Masked, Error> mask_sockets(std::span<const std::string> views,
                                   std::span<const std::string> allowed) {
  return Mask{views, allowed}.run();
}

}  // namespace sluice::confine
