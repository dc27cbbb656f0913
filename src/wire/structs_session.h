// SPDX-License-Identifier: MIT
// Structs about the connection itself: INIT, INTERRUPT, notifications, CUSE, and the arguments of
// the device's ioctls. Field names and widths are the kernel's; see protocol.h.
#pragma once

#include "sluice/wire/protocol.h"

namespace sluice::wire {

// Kernels before Linux 5.17 send the first 16 bytes alone; see parse_init().
struct InitIn {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t max_readahead = 0;
  std::uint32_t flags = 0;   // InitFlag, bits 0..31
  std::uint32_t flags2 = 0;  // InitFlag, bits 32..63; meaningful with InitFlag::init_ext
  std::uint32_t unused[11] = {};
};
static_assert(sizeof(InitIn) == 64 && Struct<InitIn>);

struct InitOut {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t max_readahead = 0;
  std::uint32_t flags = 0;
  std::uint16_t max_background = 0;
  std::uint16_t congestion_threshold = 0;
  std::uint32_t max_write = 0;
  std::uint32_t time_gran = 0;      // nanoseconds
  std::uint16_t max_pages = 0;      // with InitFlag::max_pages
  std::uint16_t map_alignment = 0;  // with InitFlag::map_alignment
  std::uint32_t flags2 = 0;         // honoured with InitFlag::init_ext
  std::uint32_t max_stack_depth = 0;  // with InitFlag::passthrough: 1 or 2
  std::uint16_t request_timeout = 0;  // seconds, with InitFlag::request_timeout
  std::uint16_t unused[11] = {};
};
static_assert(sizeof(InitOut) == 64 && Struct<InitOut>);

struct InterruptIn {
  std::uint64_t unique = 0;  // of the request that is no longer wanted
};
static_assert(sizeof(InterruptIn) == 8 && Struct<InterruptIn>);

struct NotifyPollWakeupOut {
  std::uint64_t kh = 0;
};
static_assert(sizeof(NotifyPollWakeupOut) == 8 && Struct<NotifyPollWakeupOut>);

struct NotifyInvalInodeOut {
  std::uint64_t ino = 0;
  std::int64_t off = 0;  // below 0: attributes only
  std::int64_t len = 0;  // 0 or below: to the end
};
static_assert(sizeof(NotifyInvalInodeOut) == 24 && Struct<NotifyInvalInodeOut>);

// The name and a NUL follow, `namelen` not counting it; so with NotifyDeleteOut.
struct NotifyInvalEntryOut {
  std::uint64_t parent = 0;
  std::uint32_t namelen = 0;
  std::uint32_t flags = 0;  // InvalEntryFlag
};
static_assert(sizeof(NotifyInvalEntryOut) == 16 && Struct<NotifyInvalEntryOut>);

struct NotifyDeleteOut {
  std::uint64_t parent = 0;
  std::uint64_t child = 0;
  std::uint32_t namelen = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(NotifyDeleteOut) == 24 && Struct<NotifyDeleteOut>);

// `size` bytes follow.
struct NotifyStoreOut {
  std::uint64_t nodeid = 0;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(NotifyStoreOut) == 24 && Struct<NotifyStoreOut>);

struct NotifyRetrieveOut {
  std::uint64_t notify_unique = 0;
  std::uint64_t nodeid = 0;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(NotifyRetrieveOut) == 32 && Struct<NotifyRetrieveOut>);

// What NOTIFY_REPLY brings, as wide as WriteIn; `size` bytes follow.
struct NotifyRetrieveIn {
  std::uint64_t dummy1 = 0;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t dummy2 = 0;
  std::uint64_t dummy3 = 0;
  std::uint64_t dummy4 = 0;
};
static_assert(sizeof(NotifyRetrieveIn) == 40 && Struct<NotifyRetrieveIn>);

// `count` nodeids of 8 bytes follow.
struct NotifyPruneOut {
  std::uint32_t count = 0;
  std::uint32_t padding = 0;
  std::uint64_t spare = 0;
};
static_assert(sizeof(NotifyPruneOut) == 16 && Struct<NotifyPruneOut>);

// The argument of kIocBackingOpen; flags and padding must be 0.
struct BackingMap {
  std::int32_t fd = -1;
  std::uint32_t flags = 0;
  std::uint64_t padding = 0;
};
static_assert(sizeof(BackingMap) == 16 && Struct<BackingMap>);

// The argument of the V10..V12 passthrough ioctl and of Android's first one; `vec` is a pointer,
// and like `len` it must be 0. The ioctl returns an id above 0 that one open reply may name.
struct LegacyPassthroughOut {
  std::uint32_t fd = 0;
  std::uint32_t len = 0;
  std::uint64_t vec = 0;
};
static_assert(sizeof(LegacyPassthroughOut) == 16 && Struct<LegacyPassthroughOut>);

// The argument of the V8/V9 ioctl, which binds `fd` to the OPEN or CREATE that is being answered.
struct PassthroughOutV8 {
  std::uint64_t unique = 0;
  std::uint32_t fd = 0;
  std::uint32_t len = 0;
  std::uint64_t vec = 0;
};
static_assert(sizeof(PassthroughOutV8) == 24 && Struct<PassthroughOutV8>);

struct CuseInitIn {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t unused = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(CuseInitIn) == 16 && Struct<CuseInitIn>);

// "KEY=value" strings, each with its NUL, follow.
struct CuseInitOut {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t unused = 0;
  std::uint32_t flags = 0;
  std::uint32_t max_read = 0;
  std::uint32_t max_write = 0;
  std::uint32_t dev_major = 0;
  std::uint32_t dev_minor = 0;
  std::uint32_t spare[10] = {};
};
static_assert(sizeof(CuseInitOut) == 72 && Struct<CuseInitOut>);

}  // namespace sluice::wire
