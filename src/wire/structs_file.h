// SPDX-License-Identifier: MIT
// Structs about open files and directories: opening, data, locks, ioctl, poll, directory entries.
// Field names and widths are the kernel's; see protocol.h.
#pragma once

#include "sluice/wire/structs_node.h"

namespace sluice::wire {

struct OpenIn {
  std::uint32_t flags = 0;       // of open(2)
  std::uint32_t open_flags = 0;  // OpenInFlag
};
static_assert(sizeof(OpenIn) == 8 && Struct<OpenIn>);

struct OpenOut {
  std::uint64_t fh = 0;
  std::uint32_t open_flags = 0;  // OpenOutFlag
  // With OpenOutFlag::passthrough the id that kIocBackingOpen gave; else 0. The older passthrough
  // interfaces call these bytes passthrough_fh: there 0 is none, and no flag is needed.
  std::int32_t backing_id = 0;
};
static_assert(sizeof(OpenOut) == 16 && Struct<OpenOut>);

// The name follows; in TMPFILE too, where it means nothing.
struct CreateIn {
  std::uint32_t flags = 0;
  std::uint32_t mode = 0;
  std::uint32_t umask = 0;
  std::uint32_t open_flags = 0;  // OpenInFlag
};
static_assert(sizeof(CreateIn) == 16 && Struct<CreateIn>);

struct ReleaseIn {
  std::uint64_t fh = 0;
  std::uint32_t flags = 0;
  std::uint32_t release_flags = 0;  // ReleaseFlag
  std::uint64_t lock_owner = 0;
};
static_assert(sizeof(ReleaseIn) == 24 && Struct<ReleaseIn>);

struct FlushIn {
  std::uint64_t fh = 0;
  std::uint32_t unused = 0;
  std::uint32_t padding = 0;
  std::uint64_t lock_owner = 0;
};
static_assert(sizeof(FlushIn) == 24 && Struct<FlushIn>);

// Also READDIR and READDIRPLUS.
struct ReadIn {
  std::uint64_t fh = 0;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t read_flags = 0;  // ReadFlag
  std::uint64_t lock_owner = 0;
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(ReadIn) == 40 && Struct<ReadIn>);

// `size` bytes follow.
struct WriteIn {
  std::uint64_t fh = 0;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t write_flags = 0;  // WriteFlag
  std::uint64_t lock_owner = 0;
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(WriteIn) == 40 && Struct<WriteIn>);

// Also the answer to COPY_FILE_RANGE.
struct WriteOut {
  std::uint32_t size = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(WriteOut) == 8 && Struct<WriteOut>);

struct FsyncIn {
  std::uint64_t fh = 0;
  std::uint32_t fsync_flags = 0;  // FsyncFlag
  std::uint32_t padding = 0;
};
static_assert(sizeof(FsyncIn) == 16 && Struct<FsyncIn>);

struct FallocateIn {
  std::uint64_t fh = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint32_t mode = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(FallocateIn) == 32 && Struct<FallocateIn>);

struct LseekIn {
  std::uint64_t fh = 0;
  std::uint64_t offset = 0;
  std::uint32_t whence = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(LseekIn) == 24 && Struct<LseekIn>);

struct LseekOut {
  std::uint64_t offset = 0;
};
static_assert(sizeof(LseekOut) == 8 && Struct<LseekOut>);

struct CopyFileRangeIn {
  std::uint64_t fh_in = 0;
  std::uint64_t off_in = 0;
  std::uint64_t nodeid_out = 0;
  std::uint64_t fh_out = 0;
  std::uint64_t off_out = 0;
  std::uint64_t len = 0;
  std::uint64_t flags = 0;
};
static_assert(sizeof(CopyFileRangeIn) == 56 && Struct<CopyFileRangeIn>);

// The answer to COPY_FILE_RANGE_64 only.
struct CopyFileRangeOut {
  std::uint64_t bytes_copied = 0;
};
static_assert(sizeof(CopyFileRangeOut) == 8 && Struct<CopyFileRangeOut>);

struct FileLock {
  std::uint64_t start = 0;
  std::uint64_t end = 0;   // the last byte locked, not one past it
  std::uint32_t type = 0;  // F_RDLCK, F_WRLCK, F_UNLCK
  std::uint32_t pid = 0;   // a thread group id
};
static_assert(sizeof(FileLock) == 24 && Struct<FileLock>);

struct LkIn {
  std::uint64_t fh = 0;
  std::uint64_t owner = 0;
  FileLock lk = {};
  std::uint32_t lk_flags = 0;  // LkFlag
  std::uint32_t padding = 0;
};
static_assert(sizeof(LkIn) == 48 && Struct<LkIn>);

struct LkOut {
  FileLock lk = {};
};
static_assert(sizeof(LkOut) == 24 && Struct<LkOut>);

struct BmapIn {
  std::uint64_t block = 0;
  std::uint32_t blocksize = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(BmapIn) == 16 && Struct<BmapIn>);

struct BmapOut {
  std::uint64_t block = 0;
};
static_assert(sizeof(BmapOut) == 8 && Struct<BmapOut>);

// `in_size` bytes follow.
struct IoctlIn {
  std::uint64_t fh = 0;
  std::uint32_t flags = 0;  // IoctlFlag
  std::uint32_t cmd = 0;
  std::uint64_t arg = 0;
  std::uint32_t in_size = 0;
  std::uint32_t out_size = 0;
};
static_assert(sizeof(IoctlIn) == 32 && Struct<IoctlIn>);

struct IoctlIovec {
  std::uint64_t base = 0;
  std::uint64_t len = 0;
};
static_assert(sizeof(IoctlIovec) == 16 && Struct<IoctlIovec>);

struct IoctlOut {
  std::int32_t result = 0;
  std::uint32_t flags = 0;  // IoctlFlag
  std::uint32_t in_iovs = 0;
  std::uint32_t out_iovs = 0;
};
static_assert(sizeof(IoctlOut) == 16 && Struct<IoctlOut>);

struct PollIn {
  std::uint64_t fh = 0;
  std::uint64_t kh = 0;  // names this poll in a later NotifyCode::poll
  std::uint32_t flags = 0;  // PollFlag
  std::uint32_t events = 0;
};
static_assert(sizeof(PollIn) == 24 && Struct<PollIn>);

struct PollOut {
  std::uint32_t revents = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(PollOut) == 8 && Struct<PollOut>);

// The fixed part of an entry; `namelen` bytes of name follow, without a NUL, then zeroes up to
// align_record(). An entry that does not fit whole is not part of the reply.
struct Dirent {
  std::uint64_t ino = 0;
  std::uint64_t off = 0;  // where the entry after this one is found
  std::uint32_t namelen = 0;
  std::uint32_t type = 0;  // DT_*
};
static_assert(sizeof(Dirent) == 24 && Struct<Dirent>);

// An entry_out with a nodeid other than 0 counts as a LOOKUP, except for "." and "..".
struct Direntplus {
  EntryOut entry_out = {};
  Dirent dirent = {};
};
static_assert(sizeof(Direntplus) == 152 && Struct<Direntplus>);

constexpr std::size_t dirent_size(std::size_t name_size) noexcept {
  return align_record(sizeof(Dirent) + name_size);
}
constexpr std::size_t direntplus_size(std::size_t name_size) noexcept {
  return align_record(sizeof(Direntplus) + name_size);
}

}  // namespace sluice::wire
