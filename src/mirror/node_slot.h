// SPDX-License-Identifier: MIT
// What lies in the node table's memory file, byte for byte: a successor process reads it as the
// dead one left it, so there are indexes and no pointers, and a change here is a new kNodeFormat.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "sluice/base/flags.h"
#include "sluice/base/ids.h"
#include "sluice/mirror/lower_handle.h"
#include "sluice/mirror/node_hash.h"

namespace sluice::mirror {

inline constexpr std::uint64_t kNodeFormat = 0x0001'5345'444f'4e53;  // "SNODES", version 1

// The sections of the memory file.
enum NodeSection : std::uint32_t { kSlots, kBuckets, kRecords, kMounts, kNodeSections };

// The state of the policy's path automaton at a directory.
enum class Place : std::uint32_t {};
// The see, read and write part of terms, interned.
enum class Grant : std::uint16_t {};
// Counts the faces that a file's node has had.
enum class FaceEpoch : std::uint16_t {};

// What tells two nodes of one lower file apart.
struct NodeKeyExtra {
  Grant grant{};
  FaceEpoch epoch{};
  friend bool operator==(const NodeKeyExtra&, const NodeKeyExtra&) noexcept = default;
};

enum class NodeKind : std::uint8_t { other, regular, directory, symlink };

enum class NodeFlag : std::uint16_t {
  unlinked = 1 << 10,  // the lower file has lost its last name
  detached = 1 << 11,  // no longer found by its handle; known by its nodeid alone
};

// One node. A free slot keeps its generation; its hash_next is the next free slot.
struct NodeSlot {
  static constexpr std::size_t kInlineBytes = 20;
  static constexpr unsigned kMountMask = 0x03ff;
  static constexpr unsigned kFlagsMask = 0x0c00;         // NodeFlag
  static constexpr unsigned kIdentityOnly = 0x1000;
  static constexpr unsigned kLive = 0x2000;
  static constexpr unsigned kKindShift = 14;

  std::array<std::byte, kInlineBytes> handle;  // or, of a longer one, its first side record
  std::uint8_t handle_length;
  std::uint8_t handle_type;
  std::uint16_t bits;  // mount index and the flags above
  std::uint64_t ino;
  std::uint64_t nlookup;  // a looping stat(2) gets past 2^32 of it
  std::uint32_t opens;
  std::uint32_t generation;
  std::uint32_t side;  // of a directory: the first record of its name; else the backing id
  std::uint32_t hash_next;
  std::uint32_t place;
  std::uint16_t grant;
  std::uint16_t face_epoch;

  bool live() const noexcept { return (bits & kLive) != 0; }
  bool has(NodeFlag flag) const noexcept { return Flags<NodeFlag>::from(bits).has(flag); }
  NodeKind kind() const noexcept { return static_cast<NodeKind>(bits >> kKindShift); }
  bool is_directory() const noexcept { return kind() == NodeKind::directory; }
  bool handle_is_long() const noexcept { return handle_length > kInlineBytes; }
  void set(unsigned mask, bool on) noexcept {
    bits = static_cast<std::uint16_t>(on ? bits | mask : bits & ~mask);
  }
};
static_assert(sizeof(NodeSlot) == 64);
static_assert(std::is_trivially_copyable_v<NodeSlot>);
static_assert(std::has_unique_object_representations_v<NodeSlot>);

// Side records: long handles and the names of directories.
struct RecordCounts {
  std::uint32_t used_to;  // records at and above this have never been used
  std::uint32_t first_free;
  std::uint32_t in_use;
  std::uint32_t spare;
};

// The table's own part of the file's header.
struct NodeHeader {
  HashKey hash_key;
  std::uint64_t nodes;
  std::uint64_t underflows;  // more FORGETs or RELEASEs than were counted: clamped
  std::uint64_t strays;      // requests that named a node that is no more
  std::uint64_t worn_slots;  // slots whose generations are used up, never used again
  std::uint64_t long_handles;
  std::uint32_t slots_used_to;
  std::uint32_t first_free_slot;
  std::uint32_t buckets;
  std::uint32_t changing;  // not 0 while links are being changed: see NodeTable::attach
  RecordCounts records;
};
static_assert(std::is_trivially_copyable_v<NodeHeader>);

struct MountRecord {
  std::uint64_t id;  // MountId; 0 for a number not given out
  std::uint64_t device;
};

// LowerMounts' part: which number stands for which mount and which device.
struct MountRecords {
  static constexpr std::size_t kDevices = 4096;
  std::array<MountRecord, kMaxMounts> mounts;
  std::array<std::uint64_t, kDevices> devices;  // st_dev by hash; 0 for an empty place
  std::uint64_t first_device;
};

}  // namespace sluice::mirror
