// SPDX-License-Identifier: MIT
// A node's attributes and the values that answers are made of.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>

#include "sluice/base/flags.h"
#include "sluice/base/ids.h"
#include "sluice/wire/flags.h"
#include "sluice/wire/structs.h"

namespace sluice::fuse {

// Seconds since the epoch (may be negative) and 0 to 999,999,999 nanoseconds.
struct Time {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
  friend constexpr auto operator<=>(const Time&, const Time&) = default;
};

// Permission bits, without the file's type.
enum class Mode : std::uint32_t {};

// For how long the kernel may use what it was told without asking again.
using Validity = std::chrono::nanoseconds;

// A device number as the protocol packs it in 32 bits.
// source: linux include/linux/kdev_t.h new_encode_dev()
std::uint32_t pack_device(dev_t device) noexcept;
dev_t unpack_device(std::uint32_t packed) noexcept;

// What stat(2) shows. `mode` holds type and permissions; `blocks` counts 512 bytes each.
// `ino` is what people see and need not be the nodeid.
struct Attr {
  std::uint64_t ino = 0;
  std::uint64_t size = 0;
  std::uint64_t blocks = 0;
  Time atime, mtime, ctime;
  std::uint32_t mode = 0;
  std::uint32_t nlink = 1;
  Uid uid{};
  Gid gid{};
  std::uint32_t rdev = 0;  // packed by pack_device()
  std::uint32_t blksize = 4096;
  Flags<wire::AttrFlag> flags;

  static constexpr Attr directory(NodeId node, Mode permissions) noexcept {
    Attr attr;
    attr.ino = raw(node);
    attr.mode = S_IFDIR | raw(permissions);
    attr.nlink = 2;
    return attr;
  }
  static constexpr Attr regular(NodeId node, Mode permissions, std::uint64_t size) noexcept {
    Attr attr;
    attr.ino = raw(node);
    attr.mode = S_IFREG | raw(permissions);
    attr.size = size;
    attr.blocks = (size + 511) / 512;
    return attr;
  }
  // What stat(2) said of a file elsewhere.
  static Attr of(const struct stat& stat) noexcept;
  constexpr bool is_directory() const noexcept { return S_ISDIR(mode); }
  constexpr bool is_regular() const noexcept { return S_ISREG(mode); }
};

}  // namespace sluice::fuse
