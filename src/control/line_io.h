// SPDX-License-Identifier: MIT
// Private to control: lines over a socket, each with a bound on its length and on the wait for it.
#pragma once

#include <sys/un.h>

#include <chrono>
#include <string>
#include <string_view>

#include "sluice/base/fd.h"

namespace sluice::control {

using Clock = std::chrono::steady_clock;

// Until when, and on what else (a descriptor that becomes readable, -1 for none), a wait ends.
struct Until {
  Clock::time_point deadline;
  int wake = -1;
};

// Waits for `events` (as poll(2)) on a non-blocking socket. errors: ETIMEDOUT; ECANCELED woken.
Result<void> wait_for(const Fd& socket, short events, const Until& until);

// Gives the bytes before the first newline; what follows it is dropped.
// errors   EMSGSIZE more than `limit` bytes; ECONNRESET it ended before; as wait_for().
Result<std::string> read_line(const Fd& socket, std::size_t limit, const Until& until);

// Writes `line` and a newline. errors: EPIPE nobody reads; as wait_for().
Result<void> write_line(const Fd& socket, std::string line, const Until& until);

// errors: ENAMETOOLONG above 107 bytes.
Result<sockaddr_un> address_of(std::string_view path) noexcept;

// Gives a non-blocking socket, not yet connected to anything.
Result<Fd> make_socket() noexcept;

}  // namespace sluice::control
