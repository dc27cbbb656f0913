// SPDX-License-Identifier: MIT
// Finding nodes, and their attributes.
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sluice/mirror/caller_identity.h"
#include "sluice/mirror/mirror.h"
#include "sluice/mirror/proc_path.h"

namespace sluice::mirror {

using wire::SetattrValid;

Result<fuse::Entry> Mirror::entry_of(Found found, NodeId parent, const wire::Name& name,
                                     const Admitted& admitted) {
  const std::uint64_t ino = tree_->shown_ino(found.stat);
  const fuse::Attr attr = to_attr(found.stat, ino);
  fuse::Entry entry;
  entry.node = TRY(tree_->intern(std::move(found), parent, name, admitted));
  entry.attr = attr;
  if (admitted.entry == Remember::yes) entry.entry_valid = options_.entry_timeout;
  if (admitted.attributes == Remember::yes) entry.attr_valid = options_.attr_timeout;
  return entry;
}

Result<fuse::Entry> Mirror::lookup(const fuse::Lookup& r) {
  return entry_of(TRY(tree_->find(r.node, r.name)), r.node, r.name);
}

Result<struct statx> Mirror::stat_of(NodeId node, bool has_handle, FileHandle handle) {
  if (has_handle) {
    auto file = files_.find(handle);
    if (file && (*file)->fd) return stat_fd((*file)->fd.get());
  }
  return tree_->stat(node);
}

Result<fuse::AttrReply> Mirror::get_attr(const fuse::GetAttr& r) {
  const auto stat = TRY(stat_of(r.node, r.flags.has(wire::GetattrFlag::fh), r.handle));
  return fuse::AttrReply{to_attr(stat, tree_->shown_ino(stat)), options_.attr_timeout};
}

Result<fuse::StatxReply> Mirror::get_statx(const fuse::GetStatx& r) {
  const auto stat = TRY(stat_of(r.node, r.flags.has(wire::GetattrFlag::fh), r.handle));
  return fuse::StatxReply{to_wire_statx(stat, tree_->shown_ino(stat)), options_.attr_timeout};
}

// Strips setuid, and setgid where the group may execute (else it marks mandatory locking), as the
// kernel does when somebody without CAP_FSETID writes. source: linux fs/attr.c should_remove_suid()
Result<void> Mirror::strip_privileges(int fd) {
  const auto stat = TRY(stat_fd(fd));
  if (!S_ISREG(stat.stx_mode)) return {};
  unsigned mode = stat.stx_mode & 07777U;
  mode &= ~static_cast<unsigned>(S_ISUID);
  if ((mode & S_IXGRP) != 0) mode &= ~static_cast<unsigned>(S_ISGID);
  if (mode == (stat.stx_mode & 07777U)) return {};
  if (::chmod(ProcPath{fd}.c_str(), mode) != 0) return fail_last();
  return {};
}

Result<void> Mirror::change_mode(const fuse::SetAttr& r, int fd) {
  if (::chmod(ProcPath{fd}.c_str(), r.mode & 07777) != 0) return fail_last();
  return {};
}

Result<void> Mirror::change_owner(const fuse::SetAttr& r, int fd) {
  const uid_t uid = r.valid.has(SetattrValid::uid) ? raw(r.uid) : static_cast<uid_t>(-1);
  const gid_t gid = r.valid.has(SetattrValid::gid) ? raw(r.gid) : static_cast<gid_t>(-1);
  if (::fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0) return fail_last();
  return {};
}

Result<Fd> Mirror::writable(NodeId node, bool has_handle, FileHandle handle) {
  if (has_handle) {
    auto file = files_.find(handle);
    if (file && (*file)->fd && ((*file)->flags & O_ACCMODE) != O_RDONLY) {
      return (*file)->fd.duplicate();
    }
  }
  // O_NONBLOCK: a lease on the lower file must not hold a worker for as long as leases last.
  return tree_->open(node, O_WRONLY | O_NONBLOCK);
}

Result<void> Mirror::change_size(const fuse::SetAttr& r) {
  const Fd fd = TRY(writable(r.node, r.valid.has(SetattrValid::fh), r.handle));
  AsCaller scope{r.caller};  // setuid bits go, as they would for the caller
  if (::ftruncate(fd.get(), static_cast<off_t>(r.size)) != 0) return fail_last();
  return {};
}

Result<void> Mirror::change_times(const fuse::SetAttr& r, int fd) {
  const auto moment = [&](SetattrValid set, SetattrValid now, const fuse::Time& time) {
    timespec spec{};
    spec.tv_nsec = UTIME_OMIT;
    if (r.valid.has(now)) {
      spec.tv_nsec = UTIME_NOW;
    } else if (r.valid.has(set)) {
      spec.tv_sec = time.seconds;
      spec.tv_nsec = time.nanoseconds;
    }
    return spec;
  };
  const timespec times[2] = {moment(SetattrValid::atime, SetattrValid::atime_now, r.atime),
                             moment(SetattrValid::mtime, SetattrValid::mtime_now, r.mtime)};
  if (::utimensat(fd, "", times, AT_EMPTY_PATH) == 0) return {};
  if (errno != EINVAL) return fail_last();
  if (::utimensat(AT_FDCWD, ProcPath{fd}.c_str(), times, 0) != 0) return fail_last();
  return {};
}

Result<fuse::AttrReply> Mirror::set_attr(const fuse::SetAttr& r) {
  const auto valid = r.valid.without({SetattrValid::fh, SetattrValid::lockowner});
  const LowerTree::Borrowed path = TRY(tree_->path(r.node));
  const int fd = path.get();
  // With HANDLE_KILLPRIV_V2 the kernel asks for nothing, or for kill_suidgid alone, before an
  // unprivileged write to a file that has the bits; ignoring it would leave them on. A chown(2)
  // that changes neither owner nor group looks the same, and on the lower file does both: it
  // strips what writing strips, and brings the change time up to date.
  if (valid.without(SetattrValid::kill_suidgid).none()) TRY(change_owner(r, fd));
  if (valid.has(SetattrValid::uid) || valid.has(SetattrValid::gid)) TRY(change_owner(r, fd));
  if (valid.has(SetattrValid::kill_suidgid)) TRY(strip_privileges(fd));
  if (valid.has(SetattrValid::mode)) TRY(change_mode(r, fd));
  if (valid.has(SetattrValid::size)) TRY(change_size(r));
  if (valid.has(SetattrValid::atime) || valid.has(SetattrValid::mtime) ||
      valid.has(SetattrValid::atime_now) || valid.has(SetattrValid::mtime_now)) {
    TRY(change_times(r, fd));
  }
  const auto stat = TRY(stat_fd(fd));
  return fuse::AttrReply{to_attr(stat, tree_->shown_ino(stat)), options_.attr_timeout};
}

Result<fuse::Data> Mirror::read_link(const fuse::ReadLink& r, fuse::ReadBuffer& out) {
  const LowerTree::Borrowed path = TRY(tree_->path(r.node));
  const MutableBytes room = out.room();
  const auto size = TRY(checked(
      ::readlinkat(path.get(), "", reinterpret_cast<char*>(room.data()), room.size())));
  return fuse::Data{static_cast<std::size_t>(size)};
}

// Sent only to mounts without default_permissions, which ours never are; answered all the same, by
// the lower file system and in the caller's name.
Result<void> Mirror::access(const fuse::Access& r) {
  const LowerTree::Borrowed path = TRY(tree_->path(r.node));
  if (::access(ProcPath{path.get()}.c_str(), static_cast<int>(r.mask)) != 0) return fail_last();
  return {};
}

Result<fuse::StatFs> Mirror::stat_fs(const fuse::GetStatFs& r) {
  const LowerTree::Borrowed path = TRY(tree_->path(r.node));
  struct statfs stat {};
  if (::fstatfs(path.get(), &stat) != 0) return fail_last();
  fuse::StatFs out;
  out.fs.blocks = stat.f_blocks;
  out.fs.bfree = stat.f_bfree;
  out.fs.bavail = stat.f_bavail;
  out.fs.files = stat.f_files;
  out.fs.ffree = stat.f_ffree;
  out.fs.bsize = static_cast<std::uint32_t>(stat.f_bsize);
  out.fs.namelen = static_cast<std::uint32_t>(stat.f_namelen);
  out.fs.frsize = static_cast<std::uint32_t>(stat.f_frsize);
  return out;
}

Result<void> Mirror::sync_fs(const fuse::SyncFs& r) {
  const Fd fd = TRY(tree_->open(r.node, O_RDONLY));
  if (::syncfs(fd.get()) != 0) return fail_last();
  return {};
}

void Mirror::undelivered(const fuse::Request&, const fuse::Entry& entry) {
  if (entry.node != kNoNode) tree_->forget(entry.node, 1);
}

}  // namespace sluice::mirror
