// SPDX-License-Identifier: MIT
// Calls that make, remove and move names, and listings.
// source: linux fs/namei.c filename_create(), do_unlinkat(), do_renameat2(), fs/fuse/dir.c
#include <linux/fs.h>
#include <sys/sysmacros.h>

#include "sluice/testkit/vfs.h"

namespace sluice::testkit {
namespace {

constexpr std::size_t kLongestTarget = 4095;

// source: linux include/linux/kdev_t.h new_encode_dev()
std::uint32_t encoded(dev_t device) noexcept {
  const unsigned major_part = major(device);
  const unsigned minor_part = minor(device);
  return (minor_part & 0xffU) | (major_part << 8) | ((minor_part & ~0xffU) << 12);
}

}  // namespace

// The place of a name that is to be made. errors: EEXIST, EACCES, and walk()'s.
Result<Vfs::Place> Vfs::parent_of(const std::string& path) {
  Place place = TRY(walk(path, Follow::no));
  if (place.dots || place.exists()) return fail(EEXIST);
  return place;
}

Result<void> Vfs::mkdir(const std::string& path, mode_t mode) {
  return retry_stale([&]() -> Result<void> {
    const Place place = TRY(parent_of(path));
    TRY(may(place.parent, W_OK | X_OK));
    const Entry entry = TRY(kernel_.mkdir(place.parent, place.name, mode & 07777));
    kernel_.expire_attributes(place.parent);
    remember(place.parent, place.name, entry);
    return {};
  });
}

Result<void> Vfs::mknod(const std::string& path, mode_t mode, dev_t device) {
  return retry_stale([&]() -> Result<void> {
    if (S_ISDIR(mode)) return fail(EPERM);
    const Place place = TRY(parent_of(path));
    if (place.wants_directory) return fail(ENOENT);
    TRY(may(place.parent, W_OK | X_OK));
    const bool whiteout = S_ISCHR(mode) && device == 0;  // anybody may, since Linux 5.8
    if ((S_ISCHR(mode) || S_ISBLK(mode)) && !whiteout && !is_root()) return fail(EPERM);
    mode_t kept = without_foreign_setgid(place.parent, mode);
    if ((kept & S_IFMT) == 0) kept |= S_IFREG;
    const Entry entry = TRY(kernel_.mknod(place.parent, place.name, kept, encoded(device)));
    kernel_.expire_attributes(place.parent);
    remember(place.parent, place.name, entry);
    return {};
  });
}

Result<void> Vfs::symlink(const std::string& target, const std::string& path) {
  return retry_stale([&]() -> Result<void> {
    if (target.empty()) return fail(ENOENT);
    if (target.size() > kLongestTarget) return fail(ENAMETOOLONG);
    const Place place = TRY(parent_of(path));
    if (place.wants_directory) return fail(ENOENT);
    TRY(may(place.parent, W_OK | X_OK));
    const Entry entry = TRY(kernel_.symlink(place.parent, place.name, target));
    kernel_.expire_attributes(place.parent);
    remember(place.parent, place.name, entry);
    return {};
  });
}

Result<std::string> Vfs::readlink(const std::string& path) {
  return retry_stale([&]() -> Result<std::string> {
    const Place place = TRY(existing(path, Follow::no));
    if (TRY(type_of(place.node)) != S_IFLNK) return fail(EINVAL);
    return kernel_.readlink(place.node);
  });
}

Result<void> Vfs::link(const std::string& from, const std::string& to) {
  return retry_stale([&]() -> Result<void> {
    const Place old = TRY(existing(from, Follow::no));
    const Place place = TRY(parent_of(to));
    if (place.wants_directory) return fail(ENOENT);
    TRY(may(place.parent, W_OK | X_OK));
    if (TRY(type_of(old.node)) == S_IFDIR) return fail(EPERM);
    const Entry entry = TRY(kernel_.link(old.node, place.parent, place.name));
    kernel_.expire_attributes(place.parent);
    remember(place.parent, place.name, entry);
    return {};
  });
}

Result<void> Vfs::link_file(int file, const std::string& to) {
  return retry_stale([&]() -> Result<void> {
    const Opened* opened = TRY(this->opened(file));
    const Place place = TRY(parent_of(to));
    TRY(may(place.parent, W_OK | X_OK));
    const NodeId node = opened->file.node;
    if (!opened->linkable) return fail(ENOENT);
    const Entry entry = TRY(kernel_.link(node, place.parent, place.name));
    kernel_.expire_attributes(place.parent);
    remember(place.parent, place.name, entry);
    return {};
  });
}

Result<void> Vfs::unlink(const std::string& path) {
  return retry_stale([&]() -> Result<void> {
    const Place place = TRY(walk(path, Follow::no));
    if (place.dots) return fail(EISDIR);
    if (!place.exists()) return fail(ENOENT);
    TRY(may_remove(place.parent, place.node));
    if (TRY(type_of(place.node)) == S_IFDIR) return fail(EISDIR);
    auto done = kernel_.unlink(place.parent, place.name);
    kernel_.expire_attributes(place.parent);
    kernel_.expire_attributes(place.node);
    const bool unsure = !done && (done.error() == Errno{ENOENT} || done.error() == Errno{EINTR});
    if (done || unsure) lose(place.parent, place.name);
    return done;
  });
}

Result<void> Vfs::rmdir(const std::string& path) {
  return retry_stale([&]() -> Result<void> {
    const Place place = TRY(walk(path, Follow::no));
    if (place.dots) {
      if (place.name == ".") return fail(EINVAL);
      return place.name == ".." ? fail(ENOTEMPTY) : fail(EBUSY);
    }
    if (!place.exists()) return fail(ENOENT);
    TRY(may_remove(place.parent, place.node));
    if (TRY(type_of(place.node)) != S_IFDIR) return fail(ENOTDIR);
    auto done = kernel_.rmdir(place.parent, place.name);
    kernel_.expire_attributes(place.parent);
    kernel_.expire_attributes(place.node);
    const bool unsure = !done && (done.error() == Errno{ENOENT} || done.error() == Errno{EINTR});
    if (done || unsure) lose(place.parent, place.name);
    return done;
  });
}

// What Linux refuses before the server is asked.
Result<void> Vfs::may_rename(const Place& from, const Place& to, unsigned flags) {
  if (!from.exists()) return fail(ENOENT);
  if ((flags & RENAME_NOREPLACE) != 0 && to.exists()) return fail(EEXIST);
  const bool exchange = (flags & RENAME_EXCHANGE) != 0;
  if (exchange && !to.exists()) return fail(ENOENT);
  const bool directory = TRY(type_of(from.node)) == S_IFDIR;
  if (!directory && (from.wants_directory || (!exchange && to.wants_directory)))
    return fail(ENOTDIR);
  // A directory cannot go below itself, nor replace one that it lies in.
  if (TRY(is_above(from.node, to.parent))) return fail(EINVAL);
  if (to.exists() && TRY(is_above(to.node, from.parent))) {
    return exchange ? fail(EINVAL) : fail(ENOTEMPTY);
  }
  if (from.node == to.node) return {};
  TRY(may_remove(from.parent, from.node));
  if (!to.exists()) {
    TRY(may(to.parent, W_OK | X_OK));
  } else {
    TRY(may_remove(to.parent, to.node));
    const bool onto_directory = TRY(type_of(to.node)) == S_IFDIR;
    if (!exchange && directory && !onto_directory) return fail(ENOTDIR);
    if (!exchange && !directory && onto_directory) return fail(EISDIR);
    if (exchange && onto_directory && from.parent != to.parent) TRY(may(to.node, W_OK));
  }
  if (directory && from.parent != to.parent) TRY(may(from.node, W_OK));
  return {};
}

Result<void> Vfs::rename(const std::string& from_path, const std::string& to_path, unsigned flags) {
  constexpr unsigned kKnown = RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT;
  if ((flags & ~kKnown) != 0) return fail(EINVAL);
  if ((flags & RENAME_EXCHANGE) != 0 && flags != RENAME_EXCHANGE) return fail(EINVAL);
  return retry_stale([&]() -> Result<void> {
    const Place from = TRY(walk(from_path, Follow::no));
    const Place to = TRY(walk(to_path, Follow::no));
    if (from.dots || to.dots) return fail(EBUSY);
    TRY(may_rename(from, to, flags));
    if (from.node == to.node) return {};  // two names of one file stay
    if (flags != 0 && kernel_.absent(wire::Opcode::rename2)) return fail(EINVAL);
    auto done = kernel_.rename(from.parent, from.name, to.parent, to.name, flags);
    if (!done && flags != 0 && done.error() == Errno{ENOSYS}) return fail(EINVAL);
    for (NodeId node : {from.parent, to.parent, from.node, to.node})
      kernel_.expire_attributes(node);
    if (!done) {
      if (done.error() == Errno{ENOENT} || done.error() == Errno{EINTR}) {
        lose(from.parent, from.name);
        lose(to.parent, to.name);
      }
      return done;
    }
    const Dentry moved = names_[{from.parent, from.name}];
    if ((flags & RENAME_EXCHANGE) == 0) {
      remember(to.parent, to.name, from.node, moved.until);
      lose(from.parent, from.name);
      return {};
    }
    const Dentry replaced = names_[{to.parent, to.name}];
    ++uses_[to.node];  // held while it has no name
    remember(to.parent, to.name, from.node, moved.until);
    remember(from.parent, from.name, to.node, replaced.until);
    let_go(to.node);
    return {};
  });
}

std::optional<Entry> Vfs::entry_of(const Listed& listed) const {
  if (!listed.entry || listed.entry->node == kNoNode) return std::nullopt;
  if (listed.name == "." || listed.name == "..") return std::nullopt;
  return listed.entry;
}

Result<std::vector<NamedEntry>> Vfs::getdents(int directory) {
  Opened* opened = TRY(this->opened(directory));
  if (!opened->directory) return fail(ENOTDIR);
  const auto& negotiated = kernel_.negotiated();
  const bool automatic = negotiated.has(wire::InitFlag::readdirplus_auto);
  const bool plus =
      negotiated.has(wire::InitFlag::do_readdirplus) && (!automatic || opened->position == 0);
  const auto offset = static_cast<std::uint64_t>(opened->position);
  const auto listed =
      TRY(plus ? kernel_.readdirplus(opened->file, offset) : kernel_.readdir(opened->file, offset));
  std::vector<NamedEntry> entries;
  const NodeId parent = opened->file.node;
  for (const Listed& one : listed) {
    entries.push_back({one.name, one.ino, one.type});
    opened->position = static_cast<off_t>(one.next);
    if (auto entry = entry_of(one)) remember(parent, one.name, *entry);
  }
  return entries;
}

}  // namespace sluice::testkit
