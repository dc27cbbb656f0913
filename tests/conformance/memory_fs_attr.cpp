// SPDX-License-Identifier: MIT
// Attributes, links' targets and extended attributes.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <ctime>

#include "conformance/memory_fs.h"

namespace conformance {

using wire::SetattrValid;

namespace {

timespec now_or(bool now, bool set, const fuse::Time& time) {
  timespec out{};
  if (!set) {
    out.tv_nsec = UTIME_OMIT;
  } else if (now) {
    out.tv_nsec = UTIME_NOW;
  } else {
    out.tv_sec = time.seconds;
    out.tv_nsec = time.nanoseconds;
  }
  return out;
}

fuse::Time time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)};
}

}  // namespace

void MemoryFs::strip(Inode& inode) {
  inode.attr.mode &= ~static_cast<std::uint32_t>(S_ISUID);
  if ((inode.attr.mode & S_IXGRP) != 0) inode.attr.mode &= ~static_cast<std::uint32_t>(S_ISGID);
}

Result<fuse::AttrReply> MemoryFs::get_attr(const fuse::GetAttr& op) {
  std::lock_guard lock{mutex_};
  return fuse::AttrReply{attributes(*TRY(inode(op.node))), options_.valid};
}

Result<fuse::StatxReply> MemoryFs::get_statx(const fuse::GetStatx& op) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  const fuse::Attr attr = attributes(*node);
  fuse::StatxReply reply;
  wire::Statx& stat = reply.statx;
  const auto time = [](const fuse::Time& from) {
    wire::SxTime to{};
    to.tv_sec = from.seconds;
    to.tv_nsec = from.nanoseconds;
    return to;
  };
  stat.mask = STATX_BASIC_STATS | STATX_BTIME;
  stat.blksize = attr.blksize;
  stat.nlink = attr.nlink;
  stat.uid = raw(attr.uid);
  stat.gid = raw(attr.gid);
  stat.mode = static_cast<std::uint16_t>(attr.mode);
  stat.ino = attr.ino;
  stat.size = attr.size;
  stat.blocks = attr.blocks;
  stat.atime = time(attr.atime);
  stat.btime = time(node->born);
  stat.ctime = time(attr.ctime);
  stat.mtime = time(attr.mtime);
  reply.attr_valid = options_.valid;
  return reply;
}

Result<fuse::AttrReply> MemoryFs::set_attr(const fuse::SetAttr& op) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  if (op.valid.none() || op.valid.has(SetattrValid::kill_suidgid)) strip(*node);
  if (op.valid.has(SetattrValid::size)) {
    if (!node->memory) return node->attr.is_directory() ? fail(EISDIR) : fail(EINVAL);
    TRY(checked(::ftruncate(node->memory.get(), static_cast<off_t>(op.size))));
  }
  if (op.valid.has(SetattrValid::mode)) {
    node->attr.mode = (node->attr.mode & S_IFMT) | (op.mode & 07777);
  }
  if (op.valid.has(SetattrValid::uid)) node->attr.uid = op.uid;
  if (op.valid.has(SetattrValid::gid)) node->attr.gid = op.gid;
  const timespec times[2] = {
      now_or(op.valid.has(SetattrValid::atime_now), op.valid.has(SetattrValid::atime), op.atime),
      now_or(op.valid.has(SetattrValid::mtime_now), op.valid.has(SetattrValid::mtime), op.mtime)};
  if (node->memory) {
    TRY(checked(::futimens(node->memory.get(), times)));
  } else {
    const fuse::Time now = time_now();
    if (op.valid.has(SetattrValid::atime)) {
      node->attr.atime = op.valid.has(SetattrValid::atime_now) ? now : op.atime;
    }
    if (op.valid.has(SetattrValid::mtime)) {
      node->attr.mtime = op.valid.has(SetattrValid::mtime_now) ? now : op.mtime;
    }
  }
  node->attr.ctime = time_now();
  return fuse::AttrReply{attributes(*node), options_.valid};
}

Result<fuse::Data> MemoryFs::read_link(const fuse::ReadLink& op, fuse::ReadBuffer& out) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  if (!S_ISLNK(node->attr.mode)) return fail(EINVAL);
  return out.slice_of(node->target, 0);
}

Result<fuse::StatFs> MemoryFs::stat_fs(const fuse::GetStatFs&) {
  std::lock_guard lock{mutex_};
  fuse::StatFs stat;
  stat.fs.bsize = stat.fs.frsize = 4096;
  stat.fs.blocks = 1U << 20;
  stat.fs.bfree = stat.fs.bavail = 1U << 19;
  stat.fs.files = 1U << 20;
  stat.fs.ffree = stat.fs.files - nodes_.size();
  stat.fs.namelen = 255;
  return stat;
}

Result<fuse::XattrData> MemoryFs::get_xattr(const fuse::GetXattr& op, fuse::ReadBuffer& out) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  auto found = node->xattrs.find(op.name);
  if (found == node->xattrs.end()) return fail(ENODATA);
  return out.value(bytes_of(std::string_view{found->second}));
}

Result<fuse::XattrData> MemoryFs::list_xattr(const fuse::ListXattr& op, fuse::ReadBuffer& out) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  std::string names;
  for (const auto& [name, value] : node->xattrs) names.append(name).push_back('\0');
  return out.value(bytes_of(std::string_view{names}));
}

Result<void> MemoryFs::set_xattr(const fuse::SetXattr& op) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  if (op.name.starts_with("system.")) return fail(EOPNOTSUPP);
  const bool there = node->xattrs.contains(op.name);
  if (op.flags == XATTR_CREATE && there) return fail(EEXIST);
  if (op.flags == XATTR_REPLACE && !there) return fail(ENODATA);
  node->xattrs.insert_or_assign(std::string{op.name}, std::string{text_of(op.value)});
  node->attr.ctime = time_now();
  return {};
}

Result<void> MemoryFs::remove_xattr(const fuse::RemoveXattr& op) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  auto found = node->xattrs.find(op.name);
  if (found == node->xattrs.end()) return fail(ENODATA);
  node->xattrs.erase(found);
  node->attr.ctime = time_now();
  return {};
}

}  // namespace conformance
