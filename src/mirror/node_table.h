// SPDX-License-Identifier: MIT
// NodeTable: what the kernel knows by a nodeid, and which lower file that is.
//
// A node is a 64-byte slot with the lower file's handle in it, found by nodeid (the slot's number)
// or by key (mount, handle, grant, face epoch; never device and inode number alone, which are used
// again as soon as a file is gone). A nodeid is generation << 32 | slot number, and a slot is used
// again only under a new generation: a nodeid from the past is ESTALE and never another file.
// A node lives for as long as the kernel's lookups of it are not all forgotten, or it is open.
//
// All of it lies in one memory file, which may outlive the process: attach() goes on with it. About
// 75 bytes a node; directories that have a name set take 64 more (names up to 50 bytes).
//
// Every function may be called from any thread. One mutex guards all; it is held for a hash look-up
// or a few stores, without system calls but those that make the file longer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sluice/base/fd.h"
#include "sluice/base/flags.h"
#include "sluice/base/ids.h"
#include "sluice/base/result.h"
#include "sluice/mirror/directory_names.h"
#include "sluice/mirror/lower_handle.h"
#include "sluice/mirror/node_slot.h"

namespace sluice::mirror {

// A copy of what the table knows of a node.
struct NodeView {
  NodeId id{};
  LowerHandle handle;
  std::uint64_t ino = 0;
  std::uint64_t nlookup = 0;
  std::uint32_t opens = 0;
  BackingId backing = kNoBacking;
  Place place{};
  NodeKeyExtra extra;
  NodeKind kind = NodeKind::other;
  Flags<NodeFlag> flags;

  bool is_directory() const noexcept { return kind == NodeKind::directory; }
};

// Whether the node is still there. `freed`: its nodeid is stale from now on; whoever keeps
// something by it (descriptors, backing ids) lets go of that.
enum class Forgotten : std::uint8_t { still_known, freed };

// What closing one open left.
struct Closed {
  std::uint32_t opens = 0;
  Forgotten node = Forgotten::still_known;
  Place place{};  // that a freed node had
};

// What a guard decides by.
struct NodeStanding {
  Place place{};
  NodeKeyExtra extra;
  NodeKind kind = NodeKind::other;
  std::uint32_t opens = 0;

  bool is_directory() const noexcept { return kind == NodeKind::directory; }
};

struct NodeStats {
  std::uint64_t nodes = 0;
  std::uint64_t bytes = 0;  // all memory the table has taken, free slots and index included
  std::uint64_t buckets = 0;
  std::uint64_t long_handles = 0;
  std::uint64_t records = 0;  // 64-byte side records in use
  std::uint64_t underflows = 0;
  std::uint64_t strays = 0;
};

class NodeTable {
 public:
  struct Limits {
    std::uint64_t max_bytes = std::uint64_t{16} << 30;  // about 200 million nodes
  };

  // Makes an empty table. errors: ENOMEM, EMFILE, ENFILE; EINVAL limits that cannot be kept.
  static Result<NodeTable> create(const Limits& limits);
  static Result<NodeTable> create() { return create(Limits{}); }

  // Goes on with the table in `memory`, whose last user, perhaps another process, is gone. If that
  // one died in the middle of a change, index and free lists are put together again from the slots;
  // lookup counts of a request it was serving may be off by it, which is for a journal to mend.
  // errors  EINVAL not a node table of this version, or damaged; ENOMEM.
  static Result<NodeTable> attach(Fd memory);

  NodeTable(NodeTable&&) noexcept;
  NodeTable& operator=(NodeTable&&) noexcept;
  ~NodeTable();

  // The memory file, for a keeper to hold; borrowed.
  const Fd& memory() const noexcept;
  // The part of the file that LowerMounts keeps its numbers in.
  MountRecords& mount_records() noexcept;

  // Makes the root: kRoot, counted once and never freed. The same root again (after attach) is
  // fine. errors: EEXIST another root; EINVAL as for intern(); ENOMEM.
  Result<void> set_root(const LowerHandle& handle, std::uint64_t ino);

  // Finds the node of this key or makes it, and counts one lookup. Where the key is known with
  // another kind of file (a lower file system that forgets generations), the old node is detached.
  // ino     kept with a new node, for the caller's own use.
  // errors  EINVAL empty handle, a mount above kMaxMounts, or no root yet; ENOMEM no memory, or
  //         the limit.
  Result<NodeId> intern(const LowerHandle& handle, NodeKeyExtra extra, std::uint64_t ino,
                        NodeKind kind);
  // Finds without counting. errors: ENOENT not known.
  Result<NodeId> find(const LowerHandle& handle, NodeKeyExtra extra) const;

  // Takes back `count` lookups; more than there are counts as an underflow and takes all.
  // place   if not null, gets the place that a freed node had.
  // errors  ESTALE no such node (also counted); the kernel's FORGET needs no more than that.
  Result<Forgotten> forget(NodeId node, std::uint64_t count, Place* place = nullptr);
  // Counts an open file or directory of the node; gives how many there are now. An open node is
  // kept even when it is forgotten. errors: ESTALE; ENFILE 2^32 - 1 are open.
  Result<std::uint32_t> add_open(NodeId node);
  // errors: ESTALE.
  Result<Closed> remove_open(NodeId node);

  // Gives a copy of all the table knows. errors: ESTALE no such node; EIO its record is damaged.
  Result<NodeView> read(NodeId node) const;
  // Gives the part of it that a guard asks for with each request. errors: ESTALE.
  Result<NodeStanding> standing(NodeId node) const;

  // All below: ESTALE no such node.
  Result<void> set_ino(NodeId node, std::uint64_t ino);
  Result<void> set_place(NodeId node, Place place);
  // The same; gives the place that the node had.
  Result<Place> exchange_place(NodeId node, Place place);
  Result<void> set_unlinked(NodeId node);
  // errors  EISDIR a directory has no backing.
  Result<void> set_backing(NodeId node, BackingId backing);
  // Gives the node another grant or epoch in place. errors: EEXIST another node has that key.
  Result<void> rekey(NodeId node, NodeKeyExtra extra);
  // Makes the node one that intern() no longer finds; the next lookup of its file makes a new one.
  Result<void> detach(NodeId node);

  // Remembers under which name in `parent` a directory is; the last call counts.
  // errors  ENOTDIR; EINVAL empty; ENAMETOOLONG above kMaxNameBytes; ENOMEM.
  Result<void> set_name(NodeId directory, NodeId parent, std::string_view name);
  // errors  ENOTDIR; ENODATA none was set.
  Result<DirectoryName> name_of(NodeId directory) const;
  Result<void> clear_name(NodeId directory);
  // Builds "a/b/c", relative to the root (which is ""), at the end of `room`; for audit.
  // returns borrowed from `room`.
  // errors  ENODATA, ESTALE some directory above has no name or is gone; ENAMETOOLONG; ELOOP more
  //         than kMaxPathDepth names; ENOTDIR.
  static constexpr int kMaxPathDepth = 512;
  Result<std::string_view> path_of(NodeId directory, std::span<char> room) const;

  // Fills `out` with nodes from slot `cursor` on, in slot order; for a walk over all nodes, a
  // batch at a time, that nothing else has to wait for. Nodes that come or go meanwhile may be
  // missed or be stale. Start with 0; `next` is 0 at the end.
  struct Batch {
    std::span<NodeId> nodes;
    std::uint32_t next = 0;
  };
  Batch list(std::uint32_t cursor, std::span<NodeId> out) const;

  NodeStats stats() const;
  // Walks everything. errors: EIO index, free list and counts do not agree. For tests.
  Result<void> check() const;

 private:
  struct State;
  explicit NodeTable(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::mirror
