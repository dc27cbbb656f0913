// SPDX-License-Identifier: MIT
// Attributes shown and changed, and the setuid and setgid bits that ordinary callers' changes take
// away: by whom depends on what INIT settled.
// source: linux fs/attr.c, fs/open.c, fs/fuse/dir.c fuse_setattr(), fuse_do_setattr()
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sluice/testkit/vfs.h"

namespace sluice::testkit {
namespace {

using wire::InitFlag;
using wire::SetattrValid;

constexpr unsigned kSameId = static_cast<unsigned>(-1);
constexpr std::uint32_t kStatxSince = 39;

timespec timespec_of(const fuse::Time& time) noexcept {
  timespec out{};
  out.tv_sec = time.seconds;
  out.tv_nsec = time.nanoseconds;
  return out;
}

struct stat stat_of(const fuse::Attr& attr) noexcept {
  struct stat stat {};
  stat.st_ino = attr.ino;
  stat.st_mode = attr.mode;
  stat.st_nlink = attr.nlink;
  stat.st_uid = raw(attr.uid);
  stat.st_gid = raw(attr.gid);
  stat.st_rdev =
      makedev((attr.rdev & 0xfff00U) >> 8, (attr.rdev & 0xffU) | ((attr.rdev >> 12) & 0xfff00U));
  stat.st_size = static_cast<off_t>(attr.size);
  stat.st_blksize = attr.blksize;
  stat.st_blocks = static_cast<blkcnt_t>(attr.blocks);
  stat.st_atim = timespec_of(attr.atime);
  stat.st_mtim = timespec_of(attr.mtime);
  stat.st_ctim = timespec_of(attr.ctime);
  return stat;
}

constexpr std::uint32_t kSetuid = S_ISUID;
constexpr std::uint32_t kSetgid = S_ISGID;

bool has_privilege_bits(std::uint32_t mode) noexcept {
  const bool setgid = (mode & (kSetgid | S_IXGRP)) == (kSetgid | S_IXGRP);
  return S_ISREG(mode) && ((mode & kSetuid) != 0 || setgid);
}

std::uint32_t without_privilege_bits(std::uint32_t mode) noexcept {
  mode &= ~kSetuid;
  return (mode & S_IXGRP) != 0 ? mode & ~kSetgid : mode;
}

}  // namespace

Result<struct stat> Vfs::fstat(int file) {
  return stat_of(TRY(attributes(TRY(opened(file))->file.node)));
}

Result<struct stat> Vfs::stat(const std::string& path, Follow follow) {
  return retry_stale([&]() -> Result<struct stat> {
    return stat_of(TRY(attributes(TRY(existing(path, follow)).node)));
  });
}

Result<std::optional<timespec>> Vfs::birth(const std::string& path) {
  const NodeId node = TRY(node_of(path, Follow::no));
  if (kernel_.profile().minor < kStatxSince || kernel_.absent(wire::Opcode::statx))
    return std::nullopt;
  fuse::GetStatx op;
  op.node = node;
  op.mask = STATX_BASIC_STATS | STATX_BTIME;
  auto reply = kernel_.call(op);
  if (!reply && reply.error() == Errno{ENOSYS}) return std::nullopt;
  if (!reply) return fail(reply.error());
  if ((reply->statx.mask & STATX_BTIME) == 0) return std::nullopt;
  timespec born{};
  born.tv_sec = reply->statx.btime.tv_sec;
  born.tv_nsec = reply->statx.btime.tv_nsec;
  return born;
}

Result<struct statvfs> Vfs::statfs(const std::string& path) {
  const wire::Kstatfs from = TRY(kernel_.statfs(TRY(node_of(path))));
  struct statvfs to {};
  to.f_bsize = from.bsize;
  to.f_frsize = from.frsize;
  to.f_blocks = from.blocks;
  to.f_bfree = from.bfree;
  to.f_bavail = from.bavail;
  to.f_files = from.files;
  to.f_ffree = to.f_favail = from.ffree;
  to.f_namemax = from.namelen;
  return to;
}

Result<void> Vfs::set_attr(NodeId node, fuse::SetAttr op) {
  op.node = node;
  TRY(kernel_.call(op));
  return {};
}

Result<Vfs::Privileges> Vfs::lost_by_writing(NodeId node) {
  const bool remembers = kernel_.negotiated().has(InitFlag::handle_killpriv_v2);
  if (remembers && without_privileges_.contains(node)) return Privileges{};
  Privileges lost;
  lost.bits = !is_root() && has_privilege_bits(TRY(attributes(node)).mode);
  if (!kernel_.absent(wire::Opcode::getxattr)) {
    lost.capabilities = kernel_.getxattr(node, "security.capability", 0).has_value();
  }
  if (!lost.bits && !lost.capabilities) without_privileges_.insert(node);
  return lost;
}

// What "strip setuid and setgid" is, in the form that was negotiated.
Flags<SetattrValid> Vfs::kill_bits(const fuse::Attr& attr, fuse::SetAttr& op) {
  const auto& negotiated = kernel_.negotiated();
  if (negotiated.has(InitFlag::handle_killpriv) || negotiated.has(InitFlag::handle_killpriv_v2)) {
    return {};  // the server does it, told by `valid` alone
  }
  if (!has_privilege_bits(attr.mode)) return {};
  op.mode = without_privilege_bits(attr.mode);
  return SetattrValid::mode;
}

// Before a write. source: linux fs/inode.c file_remove_privs()
Result<void> Vfs::remove_privileges(NodeId node) {
  const Privileges lost = TRY(lost_by_writing(node));
  if (lost.capabilities) TRY(kernel_.removexattr(node, "security.capability"));
  if (!lost.bits) return {};
  fuse::SetAttr op;
  // Without the server's help the mode is worked out here, from fresh attributes.
  op.valid = kill_bits(TRY(refreshed(node)), op);
  return set_attr(node, op);
}

Result<void> Vfs::set_size(NodeId node, off_t size, const File* file) {
  const Privileges lost = TRY(lost_by_writing(node));
  if (lost.capabilities) TRY(kernel_.removexattr(node, "security.capability"));
  fuse::SetAttr op;
  if (lost.bits) op.valid = kill_bits(TRY(refreshed(node)), op);
  op.valid.set(SetattrValid::size).set(SetattrValid::lockowner);
  op.size = static_cast<std::uint64_t>(size);
  if (file != nullptr) {
    op.valid.set(SetattrValid::fh);
    op.handle = file->handle;
  } else {
    op.valid.set(SetattrValid::mtime).set(SetattrValid::mtime_now);
  }
  if (kernel_.negotiated().has(InitFlag::handle_killpriv_v2) && !is_root()) {
    op.valid.set(SetattrValid::kill_suidgid);
  }
  return set_attr(node, op);
}

Result<void> Vfs::truncate(const std::string& path, off_t size) {
  if (size < 0) return fail(EINVAL);
  return retry_stale([&]() -> Result<void> {
    const Place place = TRY(existing(path, Follow::yes));
    const std::uint32_t type = TRY(type_of(place.node));
    if (type == S_IFDIR) return fail(EISDIR);
    if (type != S_IFREG) return fail(EINVAL);
    TRY(may(place.node, W_OK));
    return set_size(place.node, size, nullptr);
  });
}

Result<void> Vfs::ftruncate(int file, off_t size) {
  Opened* opened = TRY(this->opened(file));
  if (size < 0 || opened->directory || (opened->flags & O_ACCMODE) == O_RDONLY) return fail(EINVAL);
  return set_size(opened->file.node, size, &opened->file);
}

Result<void> Vfs::change_mode(NodeId node, mode_t mode) {
  const fuse::Attr attr = TRY(attributes(node));
  if (!owns(attr)) return fail(EPERM);
  fuse::SetAttr op;
  op.valid.set(SetattrValid::mode);
  op.mode = (attr.mode & S_IFMT) | (mode & 07777);
  if (!is_root() && !in_group(attr.gid)) op.mode &= ~kSetgid;
  return set_attr(node, op);
}

Result<void> Vfs::chmod(const std::string& path, mode_t mode) {
  return retry_stale(
      [&]() -> Result<void> { return change_mode(TRY(existing(path, Follow::yes)).node, mode); });
}

Result<void> Vfs::fchmod(int file, mode_t mode) {
  return change_mode(TRY(opened(file))->file.node, mode);
}

Result<void> Vfs::chown(const std::string& path, unsigned uid, unsigned gid, Follow follow) {
  return retry_stale([&]() -> Result<void> {
    const Place place = TRY(existing(path, follow));
    const fuse::Attr attr = TRY(attributes(place.node));
    const bool other_user = uid != kSameId && (uid != raw(attr.uid) || raw(attr.uid) != who_.uid);
    if (other_user && !is_root()) return fail(EPERM);
    if (gid != kSameId && !is_root() && (raw(attr.uid) != who_.uid || !in_group(Gid{gid}))) {
      return fail(EPERM);
    }
    fuse::SetAttr op;
    if (!attr.is_directory()) op.valid = kill_bits(TRY(refreshed(place.node)), op);
    if (uid != kSameId) op.valid.set(SetattrValid::uid);
    if (gid != kSameId) op.valid.set(SetattrValid::gid);
    op.uid = Uid{uid};
    op.gid = Gid{gid};
    const bool changes = uid != kSameId || gid != kSameId;
    if (changes && !attr.is_directory() && kernel_.negotiated().has(InitFlag::handle_killpriv_v2)) {
      op.valid.set(SetattrValid::kill_suidgid);
    }
    return set_attr(place.node, op);
  });
}

Result<void> Vfs::utimens(const std::string& path, const std::array<timespec, 2>& times,
                          Follow follow) {
  if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT) return {};
  for (const timespec& time : times) {
    const bool special = time.tv_nsec == UTIME_NOW || time.tv_nsec == UTIME_OMIT;
    if (!special && (time.tv_nsec < 0 || time.tv_nsec > 999'999'999)) return fail(EINVAL);
  }
  return retry_stale([&]() -> Result<void> {
    const Place place = TRY(existing(path, follow));
    const bool both_now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
    if (!owns(TRY(attributes(place.node)))) {
      if (!both_now) return fail(EPERM);
      TRY(may(place.node, W_OK));
    }
    fuse::SetAttr op;
    if (times[0].tv_nsec != UTIME_OMIT) op.valid.set(SetattrValid::atime);
    if (times[0].tv_nsec == UTIME_NOW) op.valid.set(SetattrValid::atime_now);
    if (times[1].tv_nsec != UTIME_OMIT) op.valid.set(SetattrValid::mtime);
    if (times[1].tv_nsec == UTIME_NOW) op.valid.set(SetattrValid::mtime_now);
    const auto time = [](const timespec& from) {
      const bool special = from.tv_nsec == UTIME_NOW || from.tv_nsec == UTIME_OMIT;
      return special ? fuse::Time{}
                     : fuse::Time{from.tv_sec, static_cast<std::uint32_t>(from.tv_nsec)};
    };
    op.atime = time(times[0]);
    op.mtime = time(times[1]);
    return set_attr(place.node, op);
  });
}

}  // namespace sluice::testkit
