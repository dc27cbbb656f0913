// SPDX-License-Identifier: MIT
// Why a cell may be slower than the lower file system although everything works: what the kernel
// itself does to every passthrough file, and what a request to a daemon costs. Whoever sees a ratio
// below 0.95 gets one of these beside it, or reads that none is known.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::bench {

enum class Cause : std::uint8_t {
  none,
  read_call,          // FUSE's part in a read of a few hundred nanoseconds
  write_call,         // the same for a write, and the attributes that it makes stale
  ring_write_punted,  // io_uring leaves buffered writes to its workers
  round_trip,         // the daemon is asked once
  round_trips,        // the daemon is asked several times
  readdir_trips,      // the daemon lists
  uncached_xattr,     // the kernel keeps no extended attributes
  first_sight,        // the kernel knows no names yet
  first_look,         // a name looked up, a file opened and, where its contents decide, looked into
};

// Gives a few words for a table's column; empty for none.
std::string_view phrase(Cause cause) noexcept;

// Gives one or two sentences for the table's foot; empty for none.
std::string_view explanation(Cause cause) noexcept;

}  // namespace sluice::bench
