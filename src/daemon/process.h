// SPDX-License-Identifier: MIT
// What the daemon's process is made to be before it serves.
#pragma once

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

}  // namespace sluice::daemon
