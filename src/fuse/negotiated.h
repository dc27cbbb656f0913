// SPDX-License-Identifier: MIT
// What INIT settled. Terms is the server's side while it is being settled: what the kernel
// offered, and what is asked of it. Negotiated is what holds from then on and never changes.
#pragma once

#include <cstdint>

#include "sluice/base/flags.h"
#include "sluice/wire/flags.h"
#include "sluice/wire/init.h"
#include "sluice/wire/protocol.h"
#include "sluice/wire/structs.h"

namespace sluice::fuse {

using wire::InitFlag;

inline constexpr std::uint32_t kDefaultMaxWrite = 1U << 20;

// Handed to a file system's `init(Terms&)`, which may change every member but `offered`.
// Flags that the kernel did not offer are dropped before the reply is sent.
struct Terms {
  wire::InitOffer offered;
  Flags<InitFlag> wanted;
  // Bits that mean something else on this kernel than their names say (the older passthrough
  // interfaces); they are asked for, but Negotiated does not have them.
  Flags<InitFlag> foreign;
  std::uint32_t max_write = kDefaultMaxWrite;  // bytes; also bounds READ
  std::uint32_t max_readahead = 1U << 20;      // bytes; the kernel lowers it to its own
  std::uint16_t max_background = 64;  // bounds readahead, async direct I/O and RELEASE in flight
  std::uint32_t time_granularity = 1;  // nanoseconds
  std::uint32_t max_stack_depth = 0;   // 1 or 2 with InitFlag::passthrough

  bool offers(InitFlag flag) const noexcept { return offered.flags.has(flag); }
  // Asks for `flag`; says whether the kernel has it.
  bool want(InitFlag flag) noexcept {
    wanted.set(flag);
    return offers(flag);
  }
  void refuse(InitFlag flag) noexcept { wanted.set(flag, false); }
};

struct Negotiated {
  std::uint32_t minor = 0;
  Flags<InitFlag> flags;  // offered and taken
  std::uint32_t max_write = kDefaultMaxWrite;
  std::uint32_t max_stack_depth = 0;
  bool has(InitFlag flag) const noexcept { return flags.has(flag); }
};

// Gives the reply to INIT and what it settles.
struct InitAnswer {
  wire::InitOut out{};
  Negotiated negotiated;
};
InitAnswer settle(const Terms& terms) noexcept;

// What every server wants, whatever it serves: large requests, parallel directory operations.
Flags<InitFlag> ordinary_flags() noexcept;

}  // namespace sluice::fuse
