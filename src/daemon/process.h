// SPDX-License-Identifier: MIT
// What the daemon's process is made to be before it serves.
#pragma once

#include "sluice/base/result.h"

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

// Has this process get SIGTERM when nobody can write to the pipe any more that `pipe` reads from.
// errors  those of opening it anew.
Result<void, Error> end_with(int pipe);

}  // namespace sluice::daemon
