// SPDX-License-Identifier: MIT
#include "sluice/mirror/lower_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <bit>

#include "sluice/mirror/proc_path.h"

namespace sluice::mirror {
namespace {

constexpr int kPathFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
constexpr unsigned kMntIdMask = 0x1000;  // STATX_MNT_ID

Result<Fd> open_beneath(int directory, const char* name) noexcept {
  open_how how{};
  how.flags = kPathFlags;
  how.resolve = RESOLVE_NO_XDEV;
  const long fd = ::syscall(SYS_openat2, directory, name, &how, sizeof(how));
  return own(static_cast<int>(fd));
}

// Opens the file of a descriptor anew, as the kernel's link in /proc leads to it.
Result<Fd> reopen(int fd, int flags) noexcept {
  return own(::open(ProcPath{fd}.c_str(), (flags & ~O_NOFOLLOW) | O_CLOEXEC));
}

bool out_of_descriptors(Errno error) noexcept {
  return error == Errno{EMFILE} || error == Errno{ENFILE};
}

}  // namespace

LowerTree::LowerTree(NodeTable table, Submounts submounts)
    : table_{std::move(table)}, mounts_{table_.mount_records()}, submounts_{submounts} {
  note_key({});
}

Result<std::unique_ptr<LowerTree>> LowerTree::make(Fd source, Submounts submounts) {
  std::unique_ptr<LowerTree> tree{new LowerTree{TRY(NodeTable::create()), submounts}};
  TRY(tree->set_root(std::move(source)));
  return tree;
}

Result<void> LowerTree::set_root(Fd source) {
  const struct statx stat = TRY(stat_fd(source.get()));
  mounts_.device(device_of(stat));  // the first device asked about shows its numbers unchanged
  const Identity identity = TRY(identify(source.get(), stat));
  TRY(table_.set_root(identity.handle, stat.stx_ino));
  source_ = source.get();
  descriptors_.pin(kRoot, std::move(source));
  return {};
}

// Runs `open`, and once more after closing descriptors that can be spared.
template <class Open>
auto LowerTree::with_descriptors(Open open) -> decltype(open()) {
  auto result = open();
  if (!result && out_of_descriptors(result.error()) && shed()) return open();
  return result;
}

Result<Fd> LowerTree::cross_mount(int directory, const char* name) {
  if (submounts_ == Submounts::hide) return fail(ENOENT);
  // Nothing is asked of a file system below, which could be our own: what is known is enough.
  struct statx stat {};
  if (::statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, 0,
              &stat) != 0) {
    return fail_last();
  }
  if (own_device_.load() != 0 && device_of(stat) == own_device_.load()) return fail(ELOOP);
  return own(::openat(directory, name, kPathFlags));
}

Result<Found> LowerTree::find_at(int directory, const char* name) {
  Fd fd = TRY(with_descriptors([&]() -> Result<Fd> {
    auto beneath = open_beneath(directory, name);
    if (beneath || (beneath.error() != Errno{EXDEV} && beneath.error() != Errno{ENOSYS})) {
      return beneath;
    }
    return cross_mount(directory, name);
  }));
  const struct statx stat = TRY(stat_fd(fd.get()));
  return Found{std::move(fd), stat};
}

Result<Found> LowerTree::find(NodeId directory, const wire::Name& name) {
  const Borrowed parent = TRY(path(directory));
  return find_at(parent.get(), name.c_str());
}

Result<LowerTree::Identity> LowerTree::identify(int fd, const struct statx& stat) {
  auto read = LowerHandle::read(fd);
  if (!read) {
    if (read.error() != Errno{EOPNOTSUPP}) return fail(read.error());
    const auto birth = static_cast<std::uint64_t>(stat.stx_btime.tv_sec) * 1'000'000'000 +
                       stat.stx_btime.tv_nsec;
    const MountIndex mount = TRY(mounts_.note(MountId{stat.stx_mnt_id}, fd));
    return Identity{LowerHandle::stand_in(stat.stx_ino, birth).on(mount), false};
  }
  const MountIndex mount = TRY(mounts_.note(read->mount, fd));
  const LowerMounts::Ref lower = TRY(mounts_.read(mount));
  return Identity{read->handle.on(mount), lower->support == HandleSupport::openable};
}

Result<NodeId> LowerTree::intern(Found found, NodeId parent, const wire::Name& name,
                                 const Admitted& admitted) {
  const NodeKind kind = kind_of(found.stat);
  const Identity identity = TRY(identify(found.fd.get(), found.stat));
  const NodeKeyExtra extra = kind == NodeKind::directory ? NodeKeyExtra{} : admitted.key;
  note_key(extra);
  const NodeId node = TRY(table_.intern(identity.handle, extra, found.stat.stx_ino, kind));
  put_place(node, admitted.place);
  if (!identity.openable) {
    if (!descriptors_.find(node)) descriptors_.pin(node, std::move(found.fd));
  } else if (kind == NodeKind::directory) {
    descriptors_.put(node, std::move(found.fd));
  }
  if (kind == NodeKind::directory && parent != kNoNode && name.size() > 0) {
    // For audit and reload only; a name that does not fit in memory is no reason to refuse a file.
    static_cast<void>(table_.set_name(node, parent, name.view()));
  }
  return node;
}

Result<LowerHandle> LowerTree::handle(const Found& found) {
  return TRY(identify(found.fd.get(), found.stat)).handle;
}

void LowerTree::put_place(NodeId node, Place place) {
  if (keeper_ == nullptr) return;
  const Place held = keeper_->hold(place);
  const auto before = table_.exchange_place(node, held);
  keeper_->release(before ? *before : held);
}

void LowerTree::note_key(NodeKeyExtra key) noexcept {
  auto& word = grants_[raw(key.grant) / 64];
  const std::uint64_t bit = std::uint64_t{1} << (raw(key.grant) % 64);
  if ((word.load(std::memory_order_relaxed) & bit) == 0) word.fetch_or(bit);
  std::uint16_t highest = highest_epoch_.load(std::memory_order_relaxed);
  while (raw(key.epoch) > highest &&
         !highest_epoch_.compare_exchange_weak(highest, raw(key.epoch))) {
  }
}

std::vector<NodeId> LowerTree::nodes_of(const LowerHandle& handle) const {
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < grants_.size(); ++i) {
    for (std::uint64_t left = grants_[i].load(); left != 0; left &= left - 1) {
      const auto number = i * 64 + static_cast<std::size_t>(std::countr_zero(left));
      for (unsigned epoch = 0; epoch <= highest_epoch_.load(); ++epoch) {
        const NodeKeyExtra extra{Grant{static_cast<std::uint16_t>(number)},
                                 FaceEpoch{static_cast<std::uint16_t>(epoch)}};
        if (auto node = table_.find(handle, extra)) nodes.push_back(*node);
      }
    }
  }
  return nodes;
}

Result<Fd> LowerTree::open_by_handle(const NodeView& node, int flags) {
  const LowerMounts::Ref mount = TRY(mounts_.read(node.handle.mount()));
  if (mount->support != HandleSupport::openable) return fail(ESTALE);
  return with_descriptors([&] { return node.handle.open(mount->fd.get(), flags); });
}

Result<LowerTree::Borrowed> LowerTree::path(NodeId node) {
  if (auto known = descriptors_.find(node)) return std::move(*known);
  const NodeView view = TRY(table_.read(node));
  return descriptors_.put(node, TRY(open_by_handle(view, kPathFlags)));
}

Result<Fd> LowerTree::open(NodeId node, int flags) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  const NodeView view = TRY(table_.read(node));
  auto opened = open_by_handle(view, flags);
  if (opened || opened.error() != Errno{ESTALE}) return opened;
  // A file without a name, or one whose handle cannot be opened: its descriptor is pinned.
  auto pinned = descriptors_.find(node);
  if (!pinned) return opened;
  return with_descriptors([&] { return reopen(pinned->get(), flags); });
}

Result<struct statx> LowerTree::stat(NodeId node) {
  const Borrowed fd = TRY(path(node));
  return stat_fd(fd.get());
}

void LowerTree::forget(NodeId node, std::uint64_t count) {
  if (node == kRoot) return;
  Place place{};
  auto left = table_.forget(node, count, &place);
  if (!left || *left != Forgotten::freed) return;
  descriptors_.drop(node);
  if (keeper_ != nullptr) keeper_->release(place);
}

Result<void> LowerTree::add_open(NodeId node) {
  TRY(table_.add_open(node));
  return {};
}

Result<Closed> LowerTree::remove_open(NodeId node) {
  const Closed closed = TRY(table_.remove_open(node));
  if (closed.node == Forgotten::freed) {
    descriptors_.drop(node);
    if (keeper_ != nullptr) keeper_->release(closed.place);
  }
  return closed;
}

LowerTree::Leaving LowerTree::before_removal(int directory, const wire::Name& name) {
  Leaving leaving;
  auto found = open_beneath(directory, name.c_str());
  if (!found) return leaving;
  auto read = LowerHandle::read(found->get());
  if (!read) return leaving;  // no handles: the node has its descriptor already
  auto mount = mounts_.note(read->mount, found->get());
  if (!mount) return leaving;
  leaving.nodes = nodes_of(read->handle.on(*mount));
  leaving.fd = std::move(*found);
  return leaving;
}

void LowerTree::settle(Leaving leaving) {
  if (!leaving.known()) return;
  auto stat = stat_fd(leaving.fd.get());
  if (!stat) return;
  // A removed directory has no other name, whatever its link count says (btrfs says 1).
  const bool gone = stat->stx_nlink == 0 || kind_of(*stat) == NodeKind::directory;
  if (!gone) return;
  for (NodeId node : leaving.nodes) {
    // Without one of its own a node is out of reach, and says ESTALE.
    if (auto own = leaving.fd.duplicate()) keep_nameless(node, std::move(*own));
  }
}

void LowerTree::keep_nameless(NodeId node, Fd fd) {
  if (!table_.set_unlinked(node)) return;  // forgotten meanwhile
  descriptors_.pin(node, std::move(fd));
  if (!table_.read(node)) descriptors_.drop(node);
}

void LowerTree::moved(int directory, NodeId parent, const wire::Name& name,
                      std::optional<Place> place) {
  auto read = LowerHandle::read_at(directory, name.c_str());
  if (!read) return;
  auto fd = open_beneath(directory, name.c_str());
  if (!fd) return;
  auto mount = mounts_.note(read->mount, fd->get());
  if (!mount) return;
  for (NodeId node : nodes_of(read->handle.on(*mount))) {
    static_cast<void>(table_.set_name(node, parent, name.view()));  // of a directory
    if (place) put_place(node, *place);
  }
}

bool LowerTree::is_hidden(int directory, const char* name,
                          std::uint64_t directory_mount) const noexcept {
  if (submounts_ == Submounts::follow) return false;
  struct statx stat {};
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (::statx(directory, name, kFlags, kMntIdMask, &stat) != 0) return false;
  return stat.stx_mnt_id != directory_mount;
}

}  // namespace sluice::mirror
