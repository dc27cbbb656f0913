// SPDX-License-Identifier: MIT
// Structs that stand around a request: its extensions, the io_uring entry it travels in, and the
// memory windows of virtiofs. Field names and widths are the kernel's; see protocol.h.
#pragma once

#include "sluice/wire/protocol.h"

namespace sluice::wire {

// Begins one extension. A `type` up to kMaxSecctx makes it a SecctxHeader instead.
struct ExtHeader {
  std::uint32_t size = 0;  // of the extension, this header included
  std::uint32_t type = 0;
};
static_assert(sizeof(ExtHeader) == 8 && Struct<ExtHeader>);

inline constexpr std::uint32_t kMaxSecctx = 31;   // FUSE_MAX_NR_SECCTX
inline constexpr std::uint32_t kExtGroups = 32;   // FUSE_EXT_GROUPS
inline constexpr std::size_t kMaxXattrName = 255; // XATTR_NAME_MAX

struct SecctxHeader {
  std::uint32_t size = 0;  // of all contexts, this header included
  std::uint32_t nr_secctx = 0;
};
static_assert(sizeof(SecctxHeader) == 8 && Struct<SecctxHeader>);

// The attribute's name, its NUL and `size` bytes of value follow, then zeroes up to align_record().
struct Secctx {
  std::uint32_t size = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(Secctx) == 8 && Struct<Secctx>);

// `nr_groups` gids of 4 bytes follow.
struct SuppGroups {
  std::uint32_t nr_groups = 0;
};
static_assert(sizeof(SuppGroups) == 4 && Struct<SuppGroups>);

struct UringEntInOut {
  std::uint64_t flags = 0;
  std::uint64_t commit_id = 0;  // to be given back in UringCmdReq
  std::uint32_t payload_sz = 0;
  std::uint32_t padding = 0;  // 7.46 calls it offset
  std::uint64_t reserved = 0;
};
static_assert(sizeof(UringEntInOut) == 32 && Struct<UringEntInOut>);

inline constexpr std::size_t kUringInOutSize = 128;  // FUSE_URING_IN_OUT_HEADER_SZ
inline constexpr std::size_t kUringOpInSize = 128;   // FUSE_URING_OP_IN_OUT_SZ

// The first iovec of a ring entry; all else of a request or reply is in the second, the payload.
struct UringReqHeader {
  std::byte in_out[kUringInOutSize] = {};  // InHeader, overwritten by an OutHeader
  std::byte op_in[kUringOpInSize] = {};    // the request's first struct, where it has one
  UringEntInOut ring_ent_in_out = {};
};
static_assert(sizeof(UringReqHeader) == 288 && Struct<UringReqHeader>);

enum class UringCmd : std::uint32_t {
  register_entry = 1,
  commit_and_fetch = 2,
};

// The command area of an SQE; the rest of its 80 bytes must be 0.
struct UringCmdReq {
  std::uint64_t flags = 0;
  std::uint64_t commit_id = 0;
  std::uint16_t qid = 0;
  std::uint8_t padding[6] = {};
};
static_assert(sizeof(UringCmdReq) == 24 && Struct<UringCmdReq>);

inline constexpr std::uint64_t kSetupmappingWrite = 1;
inline constexpr std::uint64_t kSetupmappingRead = 2;

struct SetupmappingIn {
  std::uint64_t fh = 0;
  std::uint64_t foffset = 0;
  std::uint64_t len = 0;
  std::uint64_t flags = 0;
  std::uint64_t moffset = 0;
};
static_assert(sizeof(SetupmappingIn) == 40 && Struct<SetupmappingIn>);

// `count` RemovemappingOne follow at once, without padding between.
struct RemovemappingIn {
  std::uint32_t count = 0;
};
static_assert(sizeof(RemovemappingIn) == 4 && Struct<RemovemappingIn>);

struct RemovemappingOne {
  std::uint64_t moffset = 0;
  std::uint64_t len = 0;
};
static_assert(sizeof(RemovemappingOne) == 16 && Struct<RemovemappingOne>);

}  // namespace sluice::wire
