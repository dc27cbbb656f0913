// SPDX-License-Identifier: MIT
// The frame of the FUSE protocol: version numbers, operation codes, notification codes and the two
// headers that every request and every reply begins with.
//
// All structs of this room are laid out as the kernel lays them out, field names included, up to
// protocol 7.45; `struct fuse_open_in` is called wire::OpenIn here. They are our own definitions
// because the headers of the systems we build on are older than the kernels we run on.
// Every field is zero unless set, so that a reply never carries stale bytes.
// source: linux include/uapi/linux/fuse.h
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace sluice::wire {

// What may be copied to and from the wire byte by byte: without hidden padding, so that no
// uninitialised byte of ours can leak into a reply.
template <class T>
concept Struct = std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

inline constexpr std::uint32_t kMajor = 7;
inline constexpr std::uint32_t kMinor = 45;     // the newest protocol these definitions know
inline constexpr std::uint32_t kMinMinor = 31;  // the oldest one we serve (Linux 5.4 has it)

inline constexpr std::uint64_t kRootId = 1;  // FUSE_ROOT_ID

// A read(2) of /dev/fuse with a smaller buffer answers EINVAL.
inline constexpr std::size_t kMinReadBuffer = 8192;
// The longest name the kernel sends, without its NUL. source: linux fs/fuse/fuse_i.h FUSE_NAME_MAX
inline constexpr std::size_t kMaxName = 1024;
// The bytes of one unit of InHeader::total_extlen, and what records are aligned to.
inline constexpr std::size_t kRecordAlign = 8;
inline constexpr std::size_t kMaxIoctlIovecs = 256;    // FUSE_IOCTL_MAX_IOV, in and out together
inline constexpr std::size_t kMaxCuseInitInfo = 4096;  // CUSE_INIT_INFO_MAX

// Bits of a request's unique. source: linux fs/fuse/dev.c
inline constexpr std::uint64_t kInterruptBit = 1;          // FUSE_INT_REQ_BIT
inline constexpr std::uint64_t kResendBit = 1ULL << 63;    // FUSE_UNIQUE_RESEND

constexpr std::size_t align_record(std::size_t size) noexcept {
  return (size + kRecordAlign - 1) & ~(kRecordAlign - 1);
}

enum class Opcode : std::uint32_t {
  lookup = 1,
  forget = 2,  // no reply
  getattr = 3,
  setattr = 4,
  readlink = 5,
  symlink = 6,
  mknod = 8,
  mkdir = 9,
  unlink = 10,
  rmdir = 11,
  rename = 12,
  link = 13,
  open = 14,
  read = 15,
  write = 16,
  statfs = 17,
  release = 18,
  fsync = 20,
  setxattr = 21,
  getxattr = 22,
  listxattr = 23,
  removexattr = 24,
  flush = 25,
  init = 26,
  opendir = 27,
  readdir = 28,
  releasedir = 29,
  fsyncdir = 30,
  getlk = 31,
  setlk = 32,
  setlkw = 33,
  access = 34,
  create = 35,
  interrupt = 36,  // no reply, except EAGAIN or ENOSYS
  bmap = 37,
  destroy = 38,
  ioctl = 39,
  poll = 40,
  notify_reply = 41,  // no reply; answers NotifyCode::retrieve
  batch_forget = 42,  // no reply
  fallocate = 43,
  readdirplus = 44,
  rename2 = 45,
  lseek = 46,
  copy_file_range = 47,
  setupmapping = 48,
  removemapping = 49,
  syncfs = 50,
  tmpfile = 51,
  statx = 52,
  copy_file_range_64 = 53,
  cuse_init = 4096,  // the only one outside 0..kOpcodeLimit-1
};
// One more than the largest file system opcode: the length of a table indexed by opcode.
inline constexpr std::uint32_t kOpcodeLimit = 54;

// What a message to the kernel with unique 0 means; it stands in OutHeader::error.
enum class NotifyCode : std::int32_t {
  poll = 1,
  inval_inode = 2,
  inval_entry = 3,
  store = 4,
  retrieve = 5,
  delete_entry = 6,  // FUSE_NOTIFY_DELETE
  resend = 7,        // Linux 6.9
  inc_epoch = 8,     // Linux 6.16
  prune = 9,         // Linux 6.18
};

struct InHeader {
  std::uint32_t len = 0;  // of the whole request, this header included
  std::uint32_t opcode = 0;
  std::uint64_t unique = 0;
  std::uint64_t nodeid = 0;
  std::uint32_t uid = 0;  // the file system uid; 0 in RELEASE, RELEASEDIR, writeback WRITE, DESTROY
  std::uint32_t gid = 0;
  std::uint32_t pid = 0;           // a thread id
  std::uint16_t total_extlen = 0;  // of the extensions at the end, in units of 8 bytes
  std::uint16_t padding = 0;
};
static_assert(sizeof(InHeader) == 40 && Struct<InHeader>);

struct OutHeader {
  std::uint32_t len = 0;  // of the whole reply, this header included
  std::int32_t error = 0;  // 0 or -1..-511; a NotifyCode where unique is 0
  std::uint64_t unique = 0;
};
static_assert(sizeof(OutHeader) == 16 && Struct<OutHeader>);

}  // namespace sluice::wire
