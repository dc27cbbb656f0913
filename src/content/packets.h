// SPDX-License-Identifier: MIT
// Private to content: packets over a SOCK_SEQPACKET socket, with descriptors beside them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/fd.h"
#include "sluice/content/finder.h"

namespace sluice::content {

using Clock = std::chrono::steady_clock;

// Both ends, close-on-exec, with numbers from 3 up. errors: EMFILE, ENFILE.
Result<std::pair<Fd, Fd>> packet_pair();

enum class Wait : std::uint8_t { no, yes };

// Sends one packet. errors: EPIPE nobody has the other end; EAGAIN there is no room (Wait::no).
Result<void> send_packet(int socket, Bytes packet, std::span<const int> fds = {},
                         Wait wait = Wait::yes) noexcept;

struct Packet {
  std::vector<std::byte> bytes{};
  std::vector<Fd> fds{};
  pid_t sender = 0;  // where the socket has SO_PASSCRED
};
// Takes the next packet, of kLongestPacket bytes and `most_fds` descriptors at most.
// errors  EAGAIN there is none (Wait::no); ECONNRESET the other end is gone; EPROTO it is longer,
//         empty, or has more descriptors.
Result<Packet> receive_packet(int socket, std::size_t most_fds, Wait wait);

// How long it may take until somebody who was interrupted is noticed.
inline constexpr std::chrono::milliseconds kPatience{20};

// Waits until there is something to receive. errors: ETIMEDOUT; EINTR; others of poll(2).
Result<void> wait_for(int socket, Clock::time_point until, const Interrupted& interrupted = {});

// A file in memory that holds `bytes` and can no longer be changed.
Result<Fd> sealed_file(const char* name, Bytes bytes);
// Gives all bytes of one. errors: EFBIG more than `most`; EPROTO it is no regular file.
Result<std::vector<std::byte>> all_of(const Fd& file, std::size_t most);

}  // namespace sluice::content
