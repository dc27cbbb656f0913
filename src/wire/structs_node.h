// SPDX-License-Identifier: MIT
// Structs about nodes: attributes, names and links, extended attributes, the whole file system.
// Field names and widths are the kernel's; see protocol.h.
#pragma once

#include "sluice/wire/protocol.h"

namespace sluice::wire {

struct Attr {
  std::uint64_t ino = 0;
  std::uint64_t size = 0;
  std::uint64_t blocks = 0;  // of 512 bytes
  std::uint64_t atime = 0;   // seconds, read by the kernel as signed
  std::uint64_t mtime = 0;
  std::uint64_t ctime = 0;
  std::uint32_t atimensec = 0;
  std::uint32_t mtimensec = 0;
  std::uint32_t ctimensec = 0;
  std::uint32_t mode = 0;
  std::uint32_t nlink = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t rdev = 0;  // as linux new_encode_dev() packs it
  std::uint32_t blksize = 0;
  std::uint32_t flags = 0;  // AttrFlag
};
static_assert(sizeof(Attr) == 88 && Struct<Attr>);

struct AttrOut {
  std::uint64_t attr_valid = 0;
  std::uint32_t attr_valid_nsec = 0;
  std::uint32_t dummy = 0;
  Attr attr = {};
};
static_assert(sizeof(AttrOut) == 104 && Struct<AttrOut>);

struct EntryOut {
  std::uint64_t nodeid = 0;  // 0: no such name, and that may be cached for entry_valid
  std::uint64_t generation = 0;
  std::uint64_t entry_valid = 0;
  std::uint64_t attr_valid = 0;
  std::uint32_t entry_valid_nsec = 0;
  std::uint32_t attr_valid_nsec = 0;
  Attr attr = {};
};
static_assert(sizeof(EntryOut) == 128 && Struct<EntryOut>);

struct ForgetIn {
  std::uint64_t nlookup = 0;
};
static_assert(sizeof(ForgetIn) == 8 && Struct<ForgetIn>);

struct ForgetOne {
  std::uint64_t nodeid = 0;
  std::uint64_t nlookup = 0;
};
static_assert(sizeof(ForgetOne) == 16 && Struct<ForgetOne>);

// `count` ForgetOne follow.
struct BatchForgetIn {
  std::uint32_t count = 0;
  std::uint32_t dummy = 0;
};
static_assert(sizeof(BatchForgetIn) == 8 && Struct<BatchForgetIn>);

struct GetattrIn {
  std::uint32_t getattr_flags = 0;  // GetattrFlag
  std::uint32_t dummy = 0;
  std::uint64_t fh = 0;
};
static_assert(sizeof(GetattrIn) == 16 && Struct<GetattrIn>);

struct SetattrIn {
  std::uint32_t valid = 0;  // SetattrValid; 0 means "strip setuid and setgid"
  std::uint32_t padding = 0;
  std::uint64_t fh = 0;
  std::uint64_t size = 0;
  std::uint64_t lock_owner = 0;
  std::uint64_t atime = 0;
  std::uint64_t mtime = 0;
  std::uint64_t ctime = 0;
  std::uint32_t atimensec = 0;
  std::uint32_t mtimensec = 0;
  std::uint32_t ctimensec = 0;
  std::uint32_t mode = 0;
  std::uint32_t unused4 = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t unused5 = 0;
};
static_assert(sizeof(SetattrIn) == 88 && Struct<SetattrIn>);

struct StatxIn {
  std::uint32_t getattr_flags = 0;  // GetattrFlag
  std::uint32_t reserved = 0;
  std::uint64_t fh = 0;
  std::uint32_t sx_flags = 0;  // AT_STATX_*
  std::uint32_t sx_mask = 0;   // STATX_*
};
static_assert(sizeof(StatxIn) == 24 && Struct<StatxIn>);

// The kernel calls the last field __reserved, a name that C++ keeps for its implementation.
struct SxTime {
  std::int64_t tv_sec = 0;
  std::uint32_t tv_nsec = 0;
  std::int32_t reserved = 0;
};
static_assert(sizeof(SxTime) == 16 && Struct<SxTime>);

// Bit for bit the layout of statx(2); spare0 and spare2 are the kernel's __spare0 and __spare2.
struct Statx {
  std::uint32_t mask = 0;
  std::uint32_t blksize = 0;
  std::uint64_t attributes = 0;
  std::uint32_t nlink = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint16_t mode = 0;
  std::uint16_t spare0[1] = {};
  std::uint64_t ino = 0;
  std::uint64_t size = 0;
  std::uint64_t blocks = 0;
  std::uint64_t attributes_mask = 0;
  SxTime atime = {};
  SxTime btime = {};
  SxTime ctime = {};
  SxTime mtime = {};
  std::uint32_t rdev_major = 0;
  std::uint32_t rdev_minor = 0;
  std::uint32_t dev_major = 0;
  std::uint32_t dev_minor = 0;
  std::uint64_t spare2[14] = {};
};
static_assert(sizeof(Statx) == 256 && Struct<Statx>);

struct StatxOut {
  std::uint64_t attr_valid = 0;
  std::uint32_t attr_valid_nsec = 0;
  std::uint32_t flags = 0;  // AttrFlag
  std::uint64_t spare[2] = {};
  Statx stat = {};
};
static_assert(sizeof(StatxOut) == 288 && Struct<StatxOut>);

// The name follows; so with MkdirIn. In SYMLINK name and target stand alone.
struct MknodIn {
  std::uint32_t mode = 0;
  std::uint32_t rdev = 0;
  std::uint32_t umask = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(MknodIn) == 16 && Struct<MknodIn>);

struct MkdirIn {
  std::uint32_t mode = 0;
  std::uint32_t umask = 0;
};
static_assert(sizeof(MkdirIn) == 8 && Struct<MkdirIn>);

// The old name and the new name follow; so with Rename2In.
struct RenameIn {
  std::uint64_t newdir = 0;
};
static_assert(sizeof(RenameIn) == 8 && Struct<RenameIn>);

struct Rename2In {
  std::uint64_t newdir = 0;
  std::uint32_t flags = 0;  // RenameFlag
  std::uint32_t padding = 0;
};
static_assert(sizeof(Rename2In) == 16 && Struct<Rename2In>);

// The new name follows; the header's nodeid is the new parent.
struct LinkIn {
  std::uint64_t oldnodeid = 0;
};
static_assert(sizeof(LinkIn) == 8 && Struct<LinkIn>);

struct AccessIn {
  std::uint32_t mask = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(AccessIn) == 8 && Struct<AccessIn>);

// With InitFlag::setxattr_ext; the attribute's name and `size` bytes of value follow.
struct SetxattrIn {
  std::uint32_t size = 0;
  std::uint32_t flags = 0;           // XATTR_CREATE, XATTR_REPLACE
  std::uint32_t setxattr_flags = 0;  // SetxattrFlag
  std::uint32_t padding = 0;
};
static_assert(sizeof(SetxattrIn) == 16 && Struct<SetxattrIn>);

// Without InitFlag::setxattr_ext.
struct SetxattrInCompat {
  std::uint32_t size = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(SetxattrInCompat) == 8 && Struct<SetxattrInCompat>);

// In GETXATTR the attribute's name follows, in LISTXATTR nothing. size 0 asks for the length alone,
// answered by a GetxattrOut; otherwise the value itself is the answer, ERANGE when it is longer.
struct GetxattrIn {
  std::uint32_t size = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(GetxattrIn) == 8 && Struct<GetxattrIn>);

struct GetxattrOut {
  std::uint32_t size = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(GetxattrOut) == 8 && Struct<GetxattrOut>);

struct Kstatfs {
  std::uint64_t blocks = 0;  // of frsize bytes
  std::uint64_t bfree = 0;
  std::uint64_t bavail = 0;
  std::uint64_t files = 0;
  std::uint64_t ffree = 0;
  std::uint32_t bsize = 0;
  std::uint32_t namelen = 0;
  std::uint32_t frsize = 0;
  std::uint32_t padding = 0;
  std::uint32_t spare[6] = {};
};
static_assert(sizeof(Kstatfs) == 80 && Struct<Kstatfs>);

struct StatfsOut {
  Kstatfs st = {};
};
static_assert(sizeof(StatfsOut) == 80 && Struct<StatfsOut>);

struct SyncfsIn {
  std::uint64_t padding = 0;
};
static_assert(sizeof(SyncfsIn) == 8 && Struct<SyncfsIn>);

}  // namespace sluice::wire
