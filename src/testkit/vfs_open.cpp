// SPDX-License-Identifier: MIT
// Opening, making and closing files.
// source: linux fs/namei.c path_openat(), lookup_open(), do_open(), fs/fuse/dir.c
// fuse_atomic_open()
#include <unistd.h>

#include "sluice/testkit/vfs.h"

namespace sluice::testkit {
namespace {

bool writes(int flags) noexcept { return (flags & O_ACCMODE) != O_RDONLY; }
bool is_tmpfile(int flags) noexcept { return (flags & O_TMPFILE) == O_TMPFILE; }

int wanted_permissions(int flags) noexcept {
  const int mode = flags & O_ACCMODE;
  int mask = mode == O_RDONLY ? R_OK : mode == O_WRONLY ? W_OK : R_OK | W_OK;
  if ((flags & O_TRUNC) != 0) mask |= W_OK;
  return mask;
}

constexpr std::uint32_t kTmpfileSince = 37;

}  // namespace

int Vfs::add(Opened opened) {
  ++uses_[opened.file.node];
  files_.emplace(++last_file_, std::move(opened));
  return last_file_;
}

Result<Vfs::Opened*> Vfs::opened(int file) {
  auto found = files_.find(file);
  if (found == files_.end()) return fail(EBADF);
  return &found->second;
}

Result<int> Vfs::open(const std::string& path, int flags, mode_t mode) {
  return retry_stale([&] {
    return is_tmpfile(flags) ? open_tmpfile(path, flags, mode) : open_once(path, flags, mode);
  });
}

Result<int> Vfs::open_tmpfile(const std::string& path, int flags, mode_t mode) {
  if (!writes(flags)) return fail(EINVAL);
  const Place place = TRY(existing(path, Follow::yes));
  if (TRY(type_of(place.node)) != S_IFDIR) return fail(ENOTDIR);
  TRY(may(place.node, W_OK | X_OK));
  if (kernel_.profile().minor < kTmpfileSince || kernel_.absent(wire::Opcode::tmpfile)) {
    return fail(EOPNOTSUPP);
  }
  auto made = kernel_.tmpfile(place.node, flags, without_foreign_setgid(place.node, mode & 07777));
  if (!made) return made.error() == Errno{ENOSYS} ? fail(EOPNOTSUPP) : fail(made.error());
  const bool linkable = (flags & O_EXCL) == 0;
  return add({.file = made->file, .flags = flags & ~O_TMPFILE, .linkable = linkable});
}

Result<int> Vfs::open_once(const std::string& path, int flags, mode_t mode) {
  const bool creates = (flags & O_CREAT) != 0;
  const bool exclusive = creates && (flags & O_EXCL) != 0;
  const bool stays = (flags & O_NOFOLLOW) != 0 || exclusive;
  const Place place = TRY(walk(path, stays ? Follow::no : Follow::yes));
  if (creates && !place.dots && place.wants_directory) return fail(EISDIR);
  if (!place.exists()) return creates ? create_and_open(place, flags, mode) : fail(ENOENT);
  if (exclusive) return fail(EEXIST);
  return open_existing(place, flags);
}

Result<int> Vfs::open_existing(const Place& place, int flags) {
  const std::uint32_t type = TRY(type_of(place.node));
  const bool directory = type == S_IFDIR;
  if (type == S_IFLNK) return fail(ELOOP);
  if (directory && (writes(flags) || (flags & (O_CREAT | O_TRUNC)) != 0)) return fail(EISDIR);
  if (!directory && (flags & O_DIRECTORY) != 0) return fail(ENOTDIR);
  TRY(may(place.node, wanted_permissions(flags)));
  // Devices, pipes and sockets have no business with the server, and none here.
  if (!directory && type != S_IFREG) return fail(ENXIO);
  if (directory) {
    return add({.file = TRY(kernel_.opendir(place.node)), .flags = flags, .directory = true});
  }
  const File file = TRY(kernel_.open(place.node, flags));
  const int number = add({.file = file, .flags = flags});
  const bool truncated_there = kernel_.negotiated().has(wire::InitFlag::atomic_o_trunc);
  if ((flags & O_TRUNC) != 0) {
    kernel_.expire_attributes(place.node);
    if (!truncated_there) {
      if (auto done = set_size(place.node, 0, &file); !done) {
        static_cast<void>(close(number));
        return fail(done.error());
      }
    }
  }
  return number;
}

Result<int> Vfs::create_and_open(const Place& place, int flags, mode_t mode) {
  TRY(may(place.parent, W_OK | X_OK));
  mode = without_foreign_setgid(place.parent, mode & 07777);
  if (!kernel_.absent(wire::Opcode::create)) {
    auto made = kernel_.create(place.parent, place.name, flags, mode);
    if (made) {
      kernel_.expire_attributes(place.parent);
      remember(place.parent, place.name, made->entry);
      return add({.file = made->file, .flags = flags});
    }
    if (made.error() != Errno{ENOSYS}) return fail(made.error());
  }
  const Entry entry = TRY(kernel_.mknod(place.parent, place.name, S_IFREG | mode, 0));
  kernel_.expire_attributes(place.parent);
  remember(place.parent, place.name, entry);
  const File file = TRY(kernel_.open(entry.node, flags & ~(O_CREAT | O_EXCL)));
  return add({.file = file, .flags = flags});
}

Result<void> Vfs::close(int file) {
  const Opened opened = *TRY(this->opened(file));
  files_.erase(file);
  std::erase_if(locks_, [&](const LocalLock& lock) { return lock.file == file; });
  Result<void> flushed;
  if (opened.directory) {
    kernel_.releasedir(opened.file);
  } else {
    flushed = kernel_.flush(opened.file);
    kernel_.release(opened.file,
                    opened.flocked ? LockOwner{static_cast<std::uint64_t>(file)} : LockOwner{});
  }
  let_go(opened.file.node);
  return flushed;
}

}  // namespace sluice::testkit
