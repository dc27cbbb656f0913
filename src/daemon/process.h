// SPDX-License-Identifier: MIT
// What the daemon's process is made to be before it serves.
#pragma once

#include <vector>

#include "sluice/base/fd.h"

namespace sluice::daemon {

// Opens /dev/null for standard streams that are closed, so that no other descriptor gets their
// numbers. To be called before anything is opened.
void fill_standard_streams() noexcept;

// Raises the limit of descriptors to what may be had: open files that do not pass through need one
// each. What cannot be raised stays; less makes it slower, not wrong.
void raise_descriptor_limit() noexcept;

// Ignores SIGHUP (the daemon has no terminal to lose) and SIGPIPE, and gives the signal that wakes
// a worker from a system call whose caller was interrupted; its handler does nothing.
int prepare_signals() noexcept;

// Closes all descriptors but the standard ones and `keep`: those of whoever started us are none of
// ours, and would be kept open for as long as we live; a pipe would never end, a file system never
// be unmounted.
void close_all_but(std::vector<int> keep) noexcept;

// Has this process get SIGTERM when the other end of `socket` sends something or goes.
// errors  those of fcntl(2).
Result<void, Error> end_with(const Fd& socket);

}  // namespace sluice::daemon
