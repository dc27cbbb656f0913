// SPDX-License-Identifier: MIT
// Which lengths a reply may have, for each opcode, as the kernel checks them before it looks at
// the content. Derived from the operations' declarations, like everything about them.
// source: linux fs/fuse/dev.c fuse_copy_out_args()
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/wire/protocol.h"

namespace sluice::testkit {

// Says whether `body` has a length that a successful reply to `opcode` may have; `asked` is the
// size the request allowed. Opcodes that are no operation may be answered by anything.
bool has_reply_shape(wire::Opcode opcode, Bytes body, std::size_t asked) noexcept;

// The name for messages, such as "lookup" or "opcode 77".
std::string_view name_of(wire::Opcode opcode) noexcept;

}  // namespace sluice::testkit
