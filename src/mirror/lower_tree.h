// SPDX-License-Identifier: MIT
// The lower tree as nodes: finds files by name below a node, makes nodes of them, and gives
// descriptors of nodes. Names are resolved one component at a time, never through a symbolic link,
// and never into the mount that this daemon itself serves.
//
// A node's file is reached by its lower handle. Where handles cannot be opened (no privilege, or a
// file system without them), and for files whose last name is gone, a descriptor stays pinned.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/fuse/answers.h"
#include "sluice/mirror/admitted.h"
#include "sluice/mirror/attributes.h"
#include "sluice/mirror/descriptor_cache.h"
#include "sluice/mirror/lower_mounts.h"
#include "sluice/mirror/node_table.h"
#include "sluice/wire/name.h"

namespace sluice::mirror {

enum class Submounts {
  follow,
  hide,  // a mount point below the source looks as if its name were not there
};

// A lower file that was found, not yet a node.
struct Found {
  Fd fd;  // O_PATH
  struct statx stat {};
};

class LowerTree {
 public:
  using Borrowed = DescriptorCache::Borrowed;

  // source  the directory (or regular file) that the root shows; taken over, may be O_PATH.
  // errors  those of statx and of the table; ENOMEM.
  static Result<std::unique_ptr<LowerTree>> make(Fd source, Submounts submounts);

  // The device number of the mount that shows this tree; a lower name that leads there answers
  // ELOOP instead of a request to ourselves that nobody could serve.
  void set_own_device(dev_t device) noexcept { own_device_.store(device); }

  // Who is told of the places that nodes hold; outlives the tree. To be set before any node is made.
  void set_keeper(PlaceKeeper* keeper) noexcept { keeper_ = keeper; }

  // Finds `name` in `directory`. errors: ENOENT, ENOTDIR, ESTALE, ELOOP, EMFILE...
  Result<Found> find(NodeId directory, const wire::Name& name);
  Result<Found> find_at(int directory, const char* name);

  // Makes (or finds) the node of a found file and counts one lookup of it.
  // A directory's name is remembered under `parent`, unless that is kNoNode.
  Result<NodeId> intern(Found found, NodeId parent, const wire::Name& name,
                        const Admitted& admitted = {});
  // Gives what names the found file; for who keeps something by it.
  Result<LowerHandle> handle(const Found& found);
  // Has the node hold `place`, in place of what it held.
  void put_place(NodeId node, Place place);

  // Gives an O_PATH descriptor of the node. errors: ESTALE the file is gone.
  Result<Borrowed> path(NodeId node);
  // Opens the node's file itself; O_CLOEXEC and O_NOFOLLOW are added.
  Result<Fd> open(NodeId node, int flags);

  Result<struct statx> stat(NodeId node);
  std::uint64_t shown_ino(const struct statx& stat) noexcept {
    return shown_ino(device_of(stat), stat.stx_ino);
  }
  std::uint64_t shown_ino(dev_t device, std::uint64_t ino) noexcept {
    return map_ino(mounts_.device(device), ino);
  }

  // Takes lookups back; what a freed node held is let go.
  void forget(NodeId node, std::uint64_t count);
  // One more, or one fewer, open file of the node.
  Result<void> add_open(NodeId node);
  Result<Closed> remove_open(NodeId node);

  // Before the last name of a file goes: keeps it within reach if the kernel knows it. `Leaving`
  // holds a descriptor across the removal; settle(), after it succeeded, pins it if no name is left.
  struct Leaving {
    std::vector<NodeId> nodes;  // one for each grant
    Fd fd;
    bool known() const noexcept { return !nodes.empty(); }
  };
  Leaving before_removal(int directory, const wire::Name& name);
  void settle(Leaving leaving);
  // Keeps a file that never had a name.
  void keep_nameless(NodeId node, Fd fd);
  // After a rename: remembers where a directory is now, and the place of whatever it was.
  void moved(int directory, NodeId parent, const wire::Name& name, std::optional<Place> place);

  // Whether opens of a mount point at `name` are hidden from listings.
  bool is_hidden(int directory, const char* name, std::uint64_t directory_mount) const noexcept;
  Submounts submounts() const noexcept { return submounts_; }

  // Closes some descriptors that nobody needs; for a caller that got EMFILE.
  bool shed() { return descriptors_.shed(64) > 0; }

  NodeTable& table() noexcept { return table_; }
  const LowerMounts& mounts() const noexcept { return mounts_; }
  DescriptorCache::Stats descriptors() const { return descriptors_.stats(); }
  int source() const noexcept { return source_; }

 private:
  LowerTree(NodeTable table, Submounts submounts);
  Result<void> set_root(Fd source);
  struct Identity {
    LowerHandle handle;
    bool openable = false;
  };
  Result<Identity> identify(int fd, const struct statx& stat);
  Result<Fd> cross_mount(int directory, const char* name);
  Result<Fd> open_by_handle(const NodeView& node, int flags);
  // Gives the nodes of a lower file, one for each grant and epoch by which it is known.
  std::vector<NodeId> nodes_of(const LowerHandle& handle) const;
  void note_key(NodeKeyExtra key) noexcept;
  template <class Open>
  auto with_descriptors(Open open) -> decltype(open());

  NodeTable table_;
  LowerMounts mounts_;
  DescriptorCache descriptors_;
  Submounts submounts_;
  int source_ = -1;  // pinned for the root
  std::atomic<dev_t> own_device_{0};
  PlaceKeeper* keeper_ = nullptr;
  // The grants that some node was ever known by, a bit each.
  std::array<std::atomic<std::uint64_t>, 1024> grants_{};
  // Whoever gives epochs out starts again from 0 before there are many.
  std::atomic<std::uint16_t> highest_epoch_{0};
};

}  // namespace sluice::mirror
