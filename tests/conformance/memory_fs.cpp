// SPDX-License-Identifier: MIT
// Nodes, names and the life of both.
#include "conformance/memory_fs.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <ctime>

namespace conformance {

using fuse::Attr;
using fuse::Entry;
using wire::InitFlag;

namespace {

constexpr std::size_t kLongestName = 255;

fuse::Time time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)};
}

fuse::Time time_of(const timespec& time) {
  return {time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec)};
}

}  // namespace

MemoryFs::MemoryFs(Options options) : options_{options} {
  Inode& root = nodes_[kRoot];
  root.attr = Attr::directory(kRoot, fuse::Mode{0755});
  root.attr.uid = Uid{::geteuid()};
  root.attr.gid = Gid{::getegid()};
  root.born = root.attr.atime = root.attr.mtime = root.attr.ctime = time_now();
  root.parent = kRoot;
  root.lookups = 1;
}

Result<void, Error> MemoryFs::init(fuse::Terms& terms) {
  terms.wanted.set(InitFlag::atomic_o_trunc).set(InitFlag::dont_mask);
  terms.wanted.set(InitFlag::handle_killpriv_v2);
  if (options_.locks == Locks::shared) {
    terms.wanted.set(InitFlag::posix_locks).set(InitFlag::flock_locks);
  }
  terms.wanted = terms.wanted.without(options_.refused);
  if (options_.control != nullptr) {
    choice_ = backing::choose(terms.offered, *options_.control);
    terms.wanted = terms.wanted | choice_.take;
    terms.foreign = choice_.foreign;
    terms.max_stack_depth = choice_.max_stack_depth;
  }
  return {};
}

void MemoryFs::ready(const fuse::Negotiated& negotiated) {
  masks_ = negotiated.has(InitFlag::dont_mask);
  asks_to_strip_ = negotiated.has(InitFlag::handle_killpriv_v2);
  if (choice_.abi == backing::Abi::none) return;
  registrar_.emplace(*options_.control, choice_.abi, backing::Credentials::unprivileged);
  shares_.emplace(*registrar_, *this);
}

std::size_t MemoryFs::held() const {
  std::lock_guard lock{mutex_};
  std::size_t count = 0;
  for (const auto& [id, inode] : nodes_) count += id != kRoot && inode.lookups > 0 ? 1 : 0;
  return count;
}

std::size_t MemoryFs::open_files() const {
  std::lock_guard lock{mutex_};
  std::size_t count = 0;
  for (const auto& [id, inode] : nodes_) count += inode.opens;
  return count;
}

Result<MemoryFs::Inode*> MemoryFs::inode(NodeId node) {
  auto found = nodes_.find(node);
  if (found == nodes_.end()) return fail(ESTALE);
  return &found->second;
}

Result<MemoryFs::Inode*> MemoryFs::directory(NodeId node) {
  Inode* dir = TRY(inode(node));
  if (!dir->attr.is_directory()) return fail(ENOTDIR);
  return dir;
}

Result<MemoryFs::Child*> MemoryFs::child(Inode& dir, std::string_view name) {
  if (name.size() > kLongestName) return fail(ENAMETOOLONG);
  auto found = dir.children.find(name);
  if (found == dir.children.end()) return fail(ENOENT);
  return &found->second;
}

// A regular file's size and times of access are those of its bytes, wherever they were written.
Attr MemoryFs::attributes(const Inode& inode) const {
  Attr attr = inode.attr;
  struct stat stat {};
  if (!inode.memory || ::fstat(inode.memory.get(), &stat) != 0) return attr;
  attr.size = static_cast<std::uint64_t>(stat.st_size);
  attr.blocks = static_cast<std::uint64_t>(stat.st_blocks);
  attr.atime = time_of(stat.st_atim);
  attr.mtime = time_of(stat.st_mtim);
  attr.ctime = std::max(attr.ctime, time_of(stat.st_ctim));
  return attr;
}

Entry MemoryFs::entry(NodeId node, Inode& inode) {
  ++inode.lookups;
  return Entry{node, attributes(inode), options_.valid};
}

void MemoryFs::touch(Inode& inode) { inode.attr.mtime = inode.attr.ctime = time_now(); }

void MemoryFs::drop_if_unused(NodeId node) {
  auto found = nodes_.find(node);
  if (found == nodes_.end() || node == kRoot) return;
  const Inode& inode = found->second;
  if (inode.attr.nlink == 0 && inode.lookups == 0 && inode.opens == 0) nodes_.erase(found);
}

void MemoryFs::forget(const fuse::Forget& forget) {
  std::lock_guard lock{mutex_};
  auto node = inode(forget.node);
  if (!node || forget.node == kRoot) return;
  (*node)->lookups -= std::min((*node)->lookups, forget.count);
  drop_if_unused(forget.node);
}

Result<Entry> MemoryFs::lookup(const fuse::Lookup& op) {
  std::lock_guard lock{mutex_};
  Inode* dir = TRY(directory(op.node));
  Child* found = TRY(child(*dir, op.name.view()));
  return entry(found->node, *TRY(inode(found->node)));
}

void MemoryFs::attach(NodeId parent, Inode& dir, std::string_view name, NodeId node) {
  const std::uint64_t cookie = ++dir.last_cookie;
  dir.children.emplace(name, Child{node, cookie});
  dir.listing.emplace(cookie, name);
  touch(dir);
  Inode& inode = nodes_.at(node);
  inode.attr.ctime = time_now();
  if (!inode.attr.is_directory()) return;
  inode.parent = parent;
  ++dir.attr.nlink;
}

void MemoryFs::detach(Inode& dir, std::string_view name) {
  auto found = dir.children.find(name);
  if (found == dir.children.end()) return;
  Inode& inode = nodes_.at(found->second.node);
  inode.attr.ctime = time_now();
  if (inode.attr.is_directory()) --dir.attr.nlink;
  dir.listing.erase(found->second.cookie);
  dir.children.erase(found);
  touch(dir);
}

Result<NodeId> MemoryFs::make(NodeId parent, std::string_view name, const fuse::Request& op,
                              std::uint32_t mode, std::uint32_t umask) {
  Inode* dir = TRY(directory(parent));
  if (dir->attr.nlink == 0) return fail(ENOENT);
  if (name != "/") {
    auto there = child(*dir, name);
    if (there) return fail(EEXIST);
    if (there.error() != Errno{ENOENT}) return fail(there.error());
  }
  Fd memory;
  if (S_ISREG(mode)) memory = TRY(own(::memfd_create("file", MFD_CLOEXEC)));
  const NodeId node{++last_node_};
  Inode& inode = nodes_[node];
  inode.memory = std::move(memory);
  inode.attr =
      S_ISDIR(mode) ? Attr::directory(node, fuse::Mode{0}) : Attr::regular(node, fuse::Mode{0}, 0);
  inode.attr.mode = masks_ ? (mode & S_IFMT) | (mode & 07777 & ~umask) : mode;
  inode.attr.uid = op.caller.uid;
  inode.attr.gid = op.caller.gid;
  if ((dir->attr.mode & S_ISGID) != 0) {
    inode.attr.gid = dir->attr.gid;
    if (S_ISDIR(mode)) inode.attr.mode |= S_ISGID;
  }
  inode.born = inode.attr.atime = inode.attr.mtime = inode.attr.ctime = time_now();
  if (name == "/") {
    inode.attr.nlink = 0;
  } else {
    attach(parent, *dir, name, node);
  }
  return node;
}

Result<Entry> MemoryFs::make_node(const fuse::MakeNode& op) {
  std::lock_guard lock{mutex_};
  const std::uint32_t type = (op.mode & S_IFMT) == 0 ? S_IFREG : 0;
  const NodeId node = TRY(make(op.node, op.name.view(), op, op.mode | type, op.umask));
  Inode* inode = TRY(this->inode(node));
  inode->attr.rdev = op.rdev;
  return entry(node, *inode);
}

Result<Entry> MemoryFs::make_dir(const fuse::MakeDir& op) {
  std::lock_guard lock{mutex_};
  const NodeId node = TRY(make(op.node, op.name.view(), op, S_IFDIR | (op.mode & 07777), op.umask));
  return entry(node, *TRY(inode(node)));
}

Result<Entry> MemoryFs::make_symlink(const fuse::MakeSymlink& op) {
  std::lock_guard lock{mutex_};
  const NodeId node = TRY(make(op.node, op.name.view(), op, S_IFLNK | 0777, 0));
  Inode* inode = TRY(this->inode(node));
  inode->target = op.target;
  inode->attr.size = op.target.size();
  return entry(node, *inode);
}

Result<Entry> MemoryFs::make_link(const fuse::MakeLink& op) {
  std::lock_guard lock{mutex_};
  Inode* existing = TRY(inode(op.existing));
  Inode* dir = TRY(directory(op.node));
  if (existing->attr.is_directory()) return fail(EPERM);
  auto there = child(*dir, op.name.view());
  if (there) return fail(EEXIST);
  if (there.error() != Errno{ENOENT}) return fail(there.error());
  ++existing->attr.nlink;
  attach(op.node, *dir, op.name.view(), op.existing);
  return entry(op.existing, *existing);
}

Result<void> MemoryFs::remove(NodeId parent, std::string_view name, bool wants_directory) {
  Inode* dir = TRY(directory(parent));
  const NodeId node = TRY(child(*dir, name))->node;
  Inode* gone = TRY(inode(node));
  if (wants_directory && !gone->attr.is_directory()) return fail(ENOTDIR);
  if (!wants_directory && gone->attr.is_directory()) return fail(EISDIR);
  if (!gone->children.empty()) return fail(ENOTEMPTY);
  detach(*dir, name);
  gone->attr.nlink = wants_directory ? 0 : gone->attr.nlink - 1;
  drop_if_unused(node);
  return {};
}

Result<void> MemoryFs::unlink(const fuse::Unlink& op) {
  std::lock_guard lock{mutex_};
  return remove(op.node, op.name.view(), false);
}

Result<void> MemoryFs::remove_dir(const fuse::RemoveDir& op) {
  std::lock_guard lock{mutex_};
  return remove(op.node, op.name.view(), true);
}

Result<void> MemoryFs::check_target(NodeId source, NodeId target, bool same_kind_only) {
  Inode* from = TRY(inode(source));
  Inode* to = TRY(inode(target));
  if (!same_kind_only) return {};
  if (from->attr.is_directory() && !to->attr.is_directory()) return fail(ENOTDIR);
  if (!from->attr.is_directory() && to->attr.is_directory()) return fail(EISDIR);
  if (!to->children.empty()) return fail(ENOTEMPTY);
  return {};
}

Result<void> MemoryFs::rename(const fuse::Rename& op) {
  std::lock_guard lock{mutex_};
  Inode* from = TRY(directory(op.node));
  Inode* to = TRY(directory(op.new_parent));
  const NodeId node = TRY(child(*from, op.name.view()))->node;
  const bool exchange = op.flags.has(wire::RenameFlag::exchange);
  auto there = child(*to, op.new_name.view());
  if (!there && there.error() != Errno{ENOENT}) return fail(there.error());
  if (!there && exchange) return fail(ENOENT);
  if (there && op.flags.has(wire::RenameFlag::noreplace)) return fail(EEXIST);
  // A directory never goes below itself.
  for (NodeId up = op.new_parent; up != kRoot; up = TRY(inode(up))->parent) {
    if (up == node) return fail(EINVAL);
  }
  if (there) {
    const NodeId target = (*there)->node;
    if (target == node) return {};
    TRY(check_target(node, target, !exchange));
    detach(*from, op.name.view());
    if (exchange) {
      detach(*to, op.new_name.view());
      attach(op.node, *from, op.name.view(), target);
    } else {
      TRY(remove(op.new_parent, op.new_name.view(), TRY(inode(target))->attr.is_directory()));
    }
  } else {
    detach(*from, op.name.view());
  }
  attach(op.new_parent, *to, op.new_name.view(), node);
  if (!op.flags.has(wire::RenameFlag::whiteout)) return {};
  const NodeId whiteout = TRY(make(op.node, op.name.view(), op, S_IFCHR, 0));
  nodes_.at(whiteout).attr.rdev = 0;
  return {};
}

void MemoryFs::undelivered(const fuse::Request&, const Entry& entry) { forget({entry.node, 1}); }

}  // namespace conformance
