// SPDX-License-Identifier: MIT
// Open files and directories, data and locks.
#include <fcntl.h>
#include <unistd.h>

#include "conformance/memory_fs.h"

namespace conformance {

using wire::OpenOutFlag;

namespace {

// Files are found by their node; handles only tell open files apart.
FileHandle handle_of(NodeId node) { return FileHandle{raw(node) + 1000}; }

LockTable::Claim claim_of(const auto& op) {
  return {op.node, op.owner, op.flags.has(wire::LkFlag::flock), op.lock};
}

}  // namespace

Result<fuse::Opened> MemoryFs::opened(NodeId node) {
  fuse::Opened opened;
  opened.handle = handle_of(node);
  int memory = -1;
  {
    std::lock_guard lock{mutex_};
    memory = TRY(inode(node))->memory.get();
    if (!shares_) {
      TRY(add_open(node));
      return opened;
    }
  }
  // Borrowed: the node's own descriptor, which is not to be closed here.
  Fd lower{memory};
  auto mode = shares_->open(node, memory >= 0 ? &lower : nullptr);
  static_cast<void>(lower.release());
  if (!mode) return fail(mode.error());
  opened.backing = mode->id;
  if (mode->id != kNoBacking && registrar_->shared()) opened.flags.set(OpenOutFlag::passthrough);
  return opened;
}

void MemoryFs::closed(NodeId node) {
  if (shares_) {
    shares_->close(node);
  } else {
    static_cast<void>(remove_open(node));
  }
  std::lock_guard lock{mutex_};
  drop_if_unused(node);
}

Result<fuse::Opened> MemoryFs::open(const fuse::Open& op) {
  {
    std::lock_guard lock{mutex_};
    Inode* node = TRY(inode(op.node));
    if (fuse::has(op.flags, O_TRUNC) && node->memory) {
      // Older kernels leave it to the server without a word, since the truncation is part of OPEN.
      const bool unasked = !asks_to_strip_ && op.caller.uid != Uid{0};
      if (unasked || op.open_flags.has(wire::OpenInFlag::kill_suidgid)) strip(*node);
      TRY(checked(::ftruncate(node->memory.get(), 0)));
    }
  }
  return opened(op.node);
}

Result<fuse::Created> MemoryFs::create(const fuse::Create& op) {
  fuse::Created created;
  {
    std::lock_guard lock{mutex_};
    const NodeId node =
        TRY(make(op.node, op.name.view(), op, S_IFREG | (op.mode & 07777), op.umask));
    created.entry = entry(node, *TRY(inode(node)));
  }
  created.opened = TRY(opened(created.entry.node));
  return created;
}

Result<fuse::Created> MemoryFs::make_tmp_file(const fuse::MakeTmpFile& op) {
  fuse::Created created;
  {
    std::lock_guard lock{mutex_};
    const NodeId node = TRY(make(op.node, "/", op, S_IFREG | (op.mode & 07777), op.umask));
    created.entry = entry(node, *TRY(inode(node)));
  }
  created.opened = TRY(opened(created.entry.node));
  return created;
}

Result<fuse::Data> MemoryFs::read(const fuse::Read& op, fuse::ReadBuffer& out) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  if (!node->memory) return fail(EISDIR);
  const MutableBytes room = out.room();
  const auto got = TRY(checked(
      ::pread(node->memory.get(), room.data(), room.size(), static_cast<off_t>(op.offset))));
  return fuse::Data{static_cast<std::size_t>(got)};
}

Result<fuse::Written> MemoryFs::write(const fuse::Write& op) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  if (!node->memory) return fail(EISDIR);
  if (op.write_flags.has(wire::WriteFlag::kill_suidgid)) strip(*node);
  const auto put = TRY(checked(
      ::pwrite(node->memory.get(), op.data.data(), op.data.size(), static_cast<off_t>(op.offset))));
  return fuse::Written{static_cast<std::uint32_t>(put)};
}

Result<void> MemoryFs::flush(const fuse::Flush& op) {
  locks_.drop(op.node, op.owner, false);
  return {};
}

Result<void> MemoryFs::release(const fuse::Release& op) {
  if (op.release_flags.has(wire::ReleaseFlag::flock_unlock)) locks_.drop(op.node, op.owner, true);
  closed(op.node);
  return {};
}

Result<void> MemoryFs::fsync(const fuse::Fsync&) { return {}; }

Result<void> MemoryFs::fallocate(const fuse::Fallocate& op) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  if (!node->memory) return fail(ENODEV);
  TRY(checked(::fallocate(node->memory.get(), static_cast<int>(op.mode),
                          static_cast<off_t>(op.offset), static_cast<off_t>(op.length))));
  return {};
}

Result<fuse::Position> MemoryFs::seek(const fuse::Seek& op) {
  std::lock_guard lock{mutex_};
  Inode* node = TRY(inode(op.node));
  if (!node->memory) return fail(EINVAL);
  const off_t at = TRY(checked(
      ::lseek(node->memory.get(), static_cast<off_t>(op.offset), static_cast<int>(op.whence))));
  return fuse::Position{static_cast<std::uint64_t>(at)};
}

Result<fuse::Copied> MemoryFs::copy_range(const fuse::CopyRange& op) {
  std::lock_guard lock{mutex_};
  Inode* from = TRY(inode(op.node));
  Inode* to = TRY(inode(op.to_node));
  if (!from->memory || !to->memory) return fail(EINVAL);
  strip(*to);
  off_t in = static_cast<off_t>(op.offset);
  off_t out = static_cast<off_t>(op.to_offset);
  const ssize_t copied =
      TRY(checked(::copy_file_range(from->memory.get(), &in, to->memory.get(), &out, op.size, 0)));
  return fuse::Copied{static_cast<std::uint64_t>(copied)};
}

Result<fuse::LockInfo> MemoryFs::get_lock(const fuse::GetLock& op) {
  return fuse::LockInfo{locks_.conflict(claim_of(op))};
}

Result<void> MemoryFs::set_lock(const fuse::SetLock& op) { return locks_.set(claim_of(op)); }

void MemoryFs::set_lock_wait(const fuse::SetLockWait& op, fuse::Reply<fuse::Done> reply) {
  locks_.set_wait(claim_of(op), std::move(reply));
}

Result<fuse::Opened> MemoryFs::open_dir(const fuse::OpenDir& op) {
  std::lock_guard lock{mutex_};
  TRY(directory(op.node));
  TRY(add_open(op.node));
  fuse::Opened opened;
  opened.handle = handle_of(op.node);
  return opened;
}

Result<void> MemoryFs::read_dir(const fuse::ReadDir& op, fuse::DirWriter& out) {
  std::lock_guard lock{mutex_};
  Inode* dir = TRY(directory(op.node));
  if (op.offset < 1 && out.add(".", raw(op.node), S_IFDIR, 1) == fuse::Added::full) return {};
  if (op.offset < 2 && out.add("..", raw(dir->parent), S_IFDIR, 2) == fuse::Added::full) return {};
  for (auto at = dir->listing.upper_bound(std::max<std::uint64_t>(op.offset, 2));
       at != dir->listing.end(); ++at) {
    const NodeId node = dir->children.find(at->second)->second.node;
    if (out.add(at->second, raw(node), nodes_.at(node).attr.mode, at->first) == fuse::Added::full) {
      break;
    }
  }
  return {};
}

Result<void> MemoryFs::read_dir_plus(const fuse::ReadDirPlus& op, fuse::DirPlusWriter& out) {
  std::lock_guard lock{mutex_};
  Inode* dir = TRY(directory(op.node));
  const fuse::Entry here{kNoNode, attributes(*dir), 0s};
  if (op.offset < 1 && out.add(".", here, 1) == fuse::Added::full) return {};
  if (op.offset < 2 && out.add("..", here, 2) == fuse::Added::full) return {};
  for (auto at = dir->listing.upper_bound(std::max<std::uint64_t>(op.offset, 2));
       at != dir->listing.end() && out.fits(at->second); ++at) {
    const NodeId node = dir->children.find(at->second)->second.node;
    static_cast<void>(out.add(at->second, entry(node, nodes_.at(node)), at->first));
  }
  return {};
}

Result<void> MemoryFs::release_dir(const fuse::ReleaseDir& op) {
  TRY(remove_open(op.node));
  std::lock_guard lock{mutex_};
  drop_if_unused(op.node);
  return {};
}

void MemoryFs::undelivered(const fuse::Request& op, const fuse::Opened&) {
  if (op.opcode == wire::Opcode::opendir) {
    static_cast<void>(remove_open(op.node));
  } else {
    closed(op.node);
  }
}

void MemoryFs::undelivered(const fuse::Request&, const fuse::Created& created) {
  closed(created.entry.node);
  forget({created.entry.node, 1});
}

void MemoryFs::undelivered(const fuse::ReadDirPlus&, fuse::DirPlusWriter& out) {
  out.for_each_counted([this](NodeId node) { forget({node, 1}); });
}

Result<MemoryFs::Record> MemoryFs::read(NodeId node) noexcept {
  std::lock_guard lock{mutex_};
  return TRY(inode(node))->record;
}

Result<void> MemoryFs::set_id(NodeId node, BackingId id) noexcept {
  std::lock_guard lock{mutex_};
  TRY(inode(node))->record.id = id;
  return {};
}

Result<void> MemoryFs::add_open(NodeId node) noexcept {
  std::lock_guard lock{mutex_};
  Inode* found = TRY(inode(node));
  ++found->opens;
  ++found->record.opens;
  return {};
}

Result<MemoryFs::Record> MemoryFs::remove_open(NodeId node) noexcept {
  std::lock_guard lock{mutex_};
  Inode* found = TRY(inode(node));
  if (found->opens == 0) return fail(ESTALE);
  --found->opens;
  --found->record.opens;
  return found->record;
}

}  // namespace conformance
