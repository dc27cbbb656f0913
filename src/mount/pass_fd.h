// SPDX-License-Identifier: MIT
// Private to mount: a descriptor that goes from one process to another over a socket.
#pragma once

#include <cstddef>
#include <span>

#include "sluice/base/fd.h"

namespace sluice::mount {

// Sends `with`, which has at least one byte, and a descriptor beside it. errors: EPIPE nobody
// listens any more; EMSGSIZE the socket took a part only. source: unix(7)
Result<void> send_fd(const Fd& socket, const Fd& fd, std::span<const std::byte> with) noexcept;

enum class Wait { no, yes };

// Fills `with` and gives the descriptor that came beside it, close-on-exec.
// errors   ECONNRESET the other end was closed before; EPROTO no descriptor, or fewer bytes;
//          EAGAIN nothing is there (Wait::no).
Result<Fd> receive_fd(const Fd& socket, std::span<std::byte> with, Wait wait) noexcept;

}  // namespace sluice::mount
