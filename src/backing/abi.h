// SPDX-License-Identifier: MIT
// Which interface for passthrough the kernel has. Mainline has one since Linux 6.9; before it there
// were the 2020 patch series and what Android's kernels made of it. They share ioctl numbers and
// flag bits with other things, so that one is chosen by what INIT offers, never by trying.
// source: linux fs/fuse/passthrough.c; the series "fuse: Add support for passthrough read/write",
// V8 to V12; Android common kernels 5.4 to 6.1
#pragma once

#include <cstdint>
#include <string>

#include "sluice/backing/control.h"
#include "sluice/wire/init.h"

namespace sluice::backing {

enum class Abi {
  none,
  mainline,  // ids shared by all opens of a node, closed by us
  v10,       // V10: INIT bit 27; an id serves one open reply and is then gone
  v11,       // V11 and V12: INIT bit 29; likewise
  android,   // bit 31 or 63, ioctl 126 or 127; likewise
};

std::string_view name(Abi abi) noexcept;

struct Choice {
  Abi abi = Abi::none;
  Flags<wire::InitFlag> take;     // to be asked for in the reply to INIT
  Flags<wire::InitFlag> foreign;  // of those, bits that mean something else in mainline
  std::uint32_t max_stack_depth = 0;
  std::string why_not;  // with Abi::none: one clause that says why, for a person
};

// Chooses by the kernel's offer. `control` is asked only where the offer has two meanings (bit 29
// in protocol 7.33; bit 27, which V8 and V9 shared with V10), and nothing is registered by that.
Choice choose(const wire::InitOffer& offer, Control& control);

}  // namespace sluice::backing
