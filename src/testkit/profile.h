// SPDX-License-Identifier: MIT
// Which kernel testkit plays: the protocol version it speaks, what it offers in INIT, and which of
// the interfaces for passthrough its device has. Offers are as those kernels send them.
// source: linux fs/fuse/inode.c fuse_send_init() of the versions named; the series "fuse: Add
// support for passthrough read/write"; Android common kernels
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/flags.h"
#include "sluice/wire/flags.h"

namespace sluice::testkit {

// The interface behind the device's ioctls. All but mainline's hand out ids that one open reply
// uses up, and have no way to close one.
enum class BackingIoctls {
  none,
  mainline,
  series_v8,   // binds a descriptor to the unique of the request being answered; no ids
  series_v10,  // INIT bit 27
  series_v11,  // INIT bit 29, which collides with SETXATTR_EXT
  android_v1,  // ioctl 127; INIT bit 31 (63 from 7.36)
  android_v2,  // ioctl 126 as well
};

// Whether the process under test has CAP_SYS_ADMIN in the initial user namespace.
enum class Privilege { full, none };

struct KernelProfile {
  std::string_view name;
  std::uint32_t major = 7;
  std::uint32_t minor = 45;
  Flags<wire::InitFlag> offered;
  std::uint32_t max_readahead = 128U << 10;  // bytes
  std::uint32_t max_pages_limit = 256;       // pages of 4096 bytes
  BackingIoctls backing = BackingIoctls::none;
  Privilege privilege = Privilege::full;

  // The bit by which this kernel offers passthrough; none where it has none.
  Flags<wire::InitFlag> passthrough_bit() const noexcept;
  // Whether ids are shared by all opens of a node (mainline) or used up by one reply.
  bool shares_ids() const noexcept { return backing == BackingIoctls::mainline; }

  static KernelProfile linux_6_18() noexcept;
  static KernelProfile linux_6_9() noexcept;  // the first with passthrough
  static KernelProfile linux_6_1() noexcept;
  static KernelProfile linux_5_4() noexcept;   // the oldest that is served; short INIT
  static KernelProfile linux_4_19() noexcept;  // too old: 7.27
  static KernelProfile series_v8() noexcept;
  static KernelProfile series_v10() noexcept;
  static KernelProfile series_v11() noexcept;
  static KernelProfile android_v1() noexcept;  // 7.32, bit 31
  static KernelProfile android_v2() noexcept;  // 7.36, bit 63
};

}  // namespace sluice::testkit
