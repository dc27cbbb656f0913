// SPDX-License-Identifier: MIT
// What each answer changes in the kernel: the checks that follow the length check of the reply.
// source: linux fs/fuse/dir.c fuse_lookup_name(), create_new_entry(), fuse_create_open(),
// fs/fuse/file.c fuse_finish_open(), fs/fuse/readdir.c fuse_direntplus_link()
#include "sluice/testkit/kernel.h"

namespace sluice::testkit {

using fuse::Created;
using fuse::Done;
using fuse::Opened;

Result<void> Kernel::settle_entry(const Message& message, NodeId parent, std::string_view name,
                                  const Entry& entry, Negative negative, std::uint32_t type) {
  std::lock_guard lock{mutex_};
  return nodes_.enter(describe(message), {parent, std::string{name}}, entry, negative, type, now_);
}

Result<void> Kernel::settle(Started<fuse::Lookup>& done, const Entry& entry, Bytes) {
  return settle_entry(*done.message, done.op.node, done.op.name.view(), entry, Negative::allowed,
                      0);
}

Result<void> Kernel::settle(Started<fuse::MakeNode>& done, const Entry& entry, Bytes) {
  const std::uint32_t type = done.op.mode & S_IFMT;
  return settle_entry(*done.message, done.op.node, done.op.name.view(), entry, Negative::forbidden,
                      type == 0 ? S_IFREG : type);
}

Result<void> Kernel::settle(Started<fuse::MakeDir>& done, const Entry& entry, Bytes) {
  return settle_entry(*done.message, done.op.node, done.op.name.view(), entry, Negative::forbidden,
                      S_IFDIR);
}

Result<void> Kernel::settle(Started<fuse::MakeSymlink>& done, const Entry& entry, Bytes) {
  return settle_entry(*done.message, done.op.node, done.op.name.view(), entry, Negative::forbidden,
                      S_IFLNK);
}

Result<void> Kernel::settle(Started<fuse::MakeLink>& done, const Entry& entry, Bytes) {
  const auto existing = last_attributes(done.op.existing);
  return settle_entry(*done.message, done.op.node, done.op.name.view(), entry, Negative::forbidden,
                      existing ? existing->mode & S_IFMT : 0);
}

Result<void> Kernel::settle(Started<fuse::Unlink>& done, const Done&, Bytes) {
  std::lock_guard lock{mutex_};
  nodes_.removed(done.op.node, std::string{done.op.name.view()});
  return {};
}

Result<void> Kernel::settle(Started<fuse::RemoveDir>& done, const Done&, Bytes) {
  std::lock_guard lock{mutex_};
  nodes_.removed(done.op.node, std::string{done.op.name.view()});
  return {};
}

Result<void> Kernel::settle(Started<fuse::Rename>& done, const Done&, Bytes) {
  const std::string from{done.op.name.view()};
  const std::string to{done.op.new_name.view()};
  const bool exchange = done.op.flags.has(wire::RenameFlag::exchange);
  std::lock_guard lock{mutex_};
  // A name that no directory can have holds the first one's place while the two change places.
  const std::string aside = "/";
  if (exchange) nodes_.moved(done.op.new_parent, to, done.op.new_parent, aside);
  nodes_.moved(done.op.node, from, done.op.new_parent, to);
  if (exchange) nodes_.moved(done.op.new_parent, aside, done.op.node, from);
  return {};
}

Result<void> Kernel::settle_attr(const Message& message, const fuse::Attr& attr,
                                 fuse::Validity valid) {
  std::lock_guard lock{mutex_};
  const SimulatedTime until =
      valid > SimulatedTime::max() - now_ ? SimulatedTime::max() : now_ + valid;
  return nodes_.refresh(describe(message), NodeId{message.header.nodeid}, attr, until);
}

Result<void> Kernel::settle(Started<fuse::GetAttr>& done, const fuse::AttrReply& reply, Bytes) {
  return settle_attr(*done.message, reply.attr, reply.attr_valid);
}

Result<void> Kernel::settle(Started<fuse::SetAttr>& done, const fuse::AttrReply& reply, Bytes) {
  return settle_attr(*done.message, reply.attr, reply.attr_valid);
}

Result<void> Kernel::settle(Started<fuse::GetStatx>& done, const fuse::StatxReply& reply, Bytes) {
  constexpr std::uint32_t kBasic = 0x7ff;  // STATX_BASIC_STATS
  const wire::Statx& stat = reply.statx;
  if ((stat.mask & kBasic) != kBasic) return {};
  fuse::Attr attr;
  attr.ino = stat.ino;
  attr.size = stat.size;
  attr.blocks = stat.blocks;
  attr.atime = {stat.atime.tv_sec, stat.atime.tv_nsec};
  attr.mtime = {stat.mtime.tv_sec, stat.mtime.tv_nsec};
  attr.ctime = {stat.ctime.tv_sec, stat.ctime.tv_nsec};
  attr.mode = stat.mode;
  attr.nlink = stat.nlink;
  attr.uid = Uid{stat.uid};
  attr.gid = Gid{stat.gid};
  attr.blksize = stat.blksize;
  attr.rdev =
      (stat.rdev_minor & 0xffU) | (stat.rdev_major << 8) | ((stat.rdev_minor & ~0xffU) << 12);
  return settle_attr(*done.message, attr, reply.attr_valid);
}

Result<std::uint64_t> Kernel::settle_open(const Message& message, NodeId node, const Opened& opened,
                                          fuse::OpenFlags flags, OpenFile::Kind kind) {
  Result<std::uint64_t> key = 0;
  {
    std::lock_guard lock{mutex_};
    key = files_.add(describe(message), node, opened, raw(flags), kind);
  }
  // Linux lets go of a file that it could not open after all, without FLUSH.
  if (!key) give_back(node, opened.handle, flags);
  return key;
}

Result<void> Kernel::settle(Started<fuse::Open>& done, const Opened& opened, Bytes) {
  done.key =
      TRY(settle_open(*done.message, done.op.node, opened, done.op.flags, OpenFile::Kind::file));
  return {};
}

Result<void> Kernel::settle(Started<fuse::OpenDir>& done, const Opened& opened, Bytes) {
  done.key = TRY(
      settle_open(*done.message, done.op.node, opened, done.op.flags, OpenFile::Kind::directory));
  return {};
}

template <class Op>
Result<void> Kernel::settle_created(Started<Op>& done, const Created& created,
                                    std::string_view name) {
  // An entry that is none loses the open file as well: no RELEASE comes for it.
  TRY(settle_entry(*done.message, done.op.node, name, created.entry, Negative::forbidden, S_IFREG));
  done.key = TRY(settle_open(*done.message, created.entry.node, created.opened, done.op.flags,
                             OpenFile::Kind::file));
  return {};
}

Result<void> Kernel::settle(Started<fuse::Create>& done, const Created& created, Bytes) {
  return settle_created(done, created, done.op.name.view());
}

Result<void> Kernel::settle(Started<fuse::MakeTmpFile>& done, const Created& created, Bytes) {
  return settle_created(done, created, "/");
}

Result<void> Kernel::settle(Started<fuse::Write>& done, const fuse::Written& written, Bytes) {
  if (written.size > done.op.data.size()) {
    breaches_.add(describe(*done.message) + " wrote more than there was");
    return fail(EIO);
  }
  std::lock_guard lock{mutex_};
  if (KnownNode* node = nodes_.find(done.op.node)) {
    node->attr_until = SimulatedTime::min();
    node->attr.size = std::max(node->attr.size, done.op.offset + written.size);
  }
  return {};
}

Result<void> Kernel::settle(Started<fuse::CopyRange>& done, const fuse::Copied& copied, Bytes) {
  if (copied.size > done.op.size) {
    breaches_.add(describe(*done.message) + " copied more than was asked for");
    return fail(EIO);
  }
  std::lock_guard lock{mutex_};
  if (KnownNode* node = nodes_.find(done.op.to_node)) {
    node->attr_until = SimulatedTime::min();
    node->attr.size = std::max(node->attr.size, done.op.to_offset + copied.size);
  }
  return {};
}

void Kernel::before(const fuse::Release& op) {
  std::lock_guard lock{mutex_};
  files_.remove(files_.key_of(op.node, op.handle, OpenFile::Kind::file));
}

void Kernel::before(const fuse::ReleaseDir& op) {
  std::lock_guard lock{mutex_};
  files_.remove(files_.key_of(op.node, op.handle, OpenFile::Kind::directory));
}

void Kernel::give_back(NodeId node, FileHandle handle, fuse::OpenFlags flags) {
  fuse::Release op;
  op.node = node;
  op.handle = handle;
  op.flags = flags;
  auto started = start_prepared(op);
  static_cast<void>(wait(started));
}

}  // namespace sluice::testkit
