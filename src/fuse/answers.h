// SPDX-License-Identifier: MIT
// What handlers give back, one type for each kind of answer. Handlers return these as values and
// never send; Codec (codec.h) says how each stands on the wire.
#pragma once

#include <cstdint>

#include "sluice/fuse/attr.h"

namespace sluice::fuse {

// A name that exists: LOOKUP, CREATE, MKDIR, MKNOD, SYMLINK, LINK. Each answer that reaches the
// kernel counts one lookup of `node`, to be given back by FORGET. kNoNode with a validity is a
// negative entry: "no such name, and you may remember that".
struct Entry {
  NodeId node{};
  Attr attr;
  Validity entry_valid{};
  Validity attr_valid{};
  std::uint64_t generation = 0;

  Entry() = default;
  Entry(NodeId named, const Attr& attributes, Validity valid) noexcept
      : node{named}, attr{attributes}, entry_valid{valid}, attr_valid{valid} {}
  static Entry negative(Validity valid) noexcept { return Entry{kNoNode, Attr{}, valid}; }
};

struct AttrReply {
  Attr attr;
  Validity attr_valid{};
};

struct StatxReply {
  wire::Statx statx{};  // as wire/structs lays it out; stx_mask says what is filled
  Validity attr_valid{};
};

// An open file or directory. With a backing, reads and writes go from the kernel to the lower
// file (FOPEN_PASSTHROUGH); in the older interface `legacy_backing` names it once.
struct Opened {
  FileHandle handle{};
  Flags<wire::OpenOutFlag> flags;
  BackingId backing = kNoBacking;
};

struct Created {
  Entry entry;
  Opened opened;
};

// How many bytes of the reply's room were filled (READ, READLINK, LISTXATTR).
struct Data {
  std::size_t size = 0;
};

// The size of an extended attribute or list: filled into the room, or, when the caller asked
// for the size alone (request size 0), only told.
struct XattrData {
  std::size_t size = 0;
};

struct Written {
  std::uint32_t size = 0;
};

struct Copied {
  std::uint64_t size = 0;
};

struct StatFs {
  wire::Kstatfs fs{};
};

// A lock as GETLK reports it; `type` is F_UNLCK where nothing stands in the way.
struct LockInfo {
  wire::FileLock lock{};
};

struct Position {
  std::uint64_t offset = 0;
};

struct BlockMap {
  std::uint64_t block = 0;
};

// What ioctl(2) returns, and how many bytes of the room follow.
struct IoctlReply {
  std::int32_t result = 0;
  std::size_t size = 0;
};

struct Polled {
  std::uint32_t revents = 0;
};

// Nothing but success.
struct Done {};

}  // namespace sluice::fuse
