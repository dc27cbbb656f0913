// SPDX-License-Identifier: MIT
// Understands the first request of a connection, in the forms that kernels of different ages send.
#pragma once

#include <cstdint>

#include "sluice/base/result.h"
#include "sluice/wire/flags.h"
#include "sluice/wire/reader.h"

namespace sluice::wire {

// What the kernel can do; a reply may take any part of it.
struct InitOffer {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;          // may be above kMinor; the reply says the lesser of the two
  std::uint32_t max_readahead = 0;  // bytes
  Flags<InitFlag> flags = {};       // bits 32 and up only where the kernel set init_ext

  // True when nothing but the version counts: the kernel's major is above ours. Answer with an
  // InitOut that has our major and minor and is else 0, and wait: the kernel sends INIT again, in
  // our major, or ends the connection. source: man 4 fuse
  constexpr bool wants_our_major() const noexcept { return major > kMajor; }
};

// Gives the offer in an INIT request.
// errors   EPROTO the kernel speaks a protocol before 7.31, to be answered with the same errno and
//          shown to the person who mounts; EIO the request is cut short.
Result<InitOffer, Error> parse_init(Reader& in);

}  // namespace sluice::wire
