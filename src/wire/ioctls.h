// SPDX-License-Identifier: MIT
// Request numbers for ioctl(2) on /dev/fuse, as the kernel's _IOC macros compute them (magic 229).
// source: linux include/uapi/linux/fuse.h; for the older passthrough numbers the patch series
// "fuse: Add support for passthrough read/write" (2020, 2021) and Android's common kernels.
#pragma once

namespace sluice::wire {

inline constexpr unsigned long kIocClone = 0x8004e500;         // pointer to a u32 descriptor
inline constexpr unsigned long kIocBackingOpen = 0x4010e501;   // BackingMap; returns an id above 0
inline constexpr unsigned long kIocBackingClose = 0x4004e502;  // pointer to a u32 id
inline constexpr unsigned long kIocSyncInit = 0xe503;          // no argument; before mount(2)

// V10..V12 have number and argument layout in common with kIocBackingOpen, but not the meaning:
// what INIT offered tells them apart, trying the ioctl does not.
inline constexpr unsigned long kIocPassthroughOpenV8 = 0x4018e501;   // PassthroughOutV8 (V8, V9)
inline constexpr unsigned long kIocPassthroughOpenV10 = 0x4010e501;  // LegacyPassthroughOut
inline constexpr unsigned long kIocPassthroughOpenAndroidV1 = 0x4010e57f;  // LegacyPassthroughOut
inline constexpr unsigned long kIocPassthroughOpenAndroidV2 = 0x4004e57e;  // pointer to u32 fd

}  // namespace sluice::wire
