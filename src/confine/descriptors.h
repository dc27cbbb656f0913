// SPDX-License-Identifier: MIT
// What a command may find on standard input, output and error.
//
// A descriptor that was opened outside leads around the view. So a file below a view is opened
// again by its path, inside; where that fails, the start does. A directory, an O_PATH descriptor or
// a disk is refused: from it other files could be reached. Pipes, sockets, terminals, harmless
// devices, and files that lie elsewhere are what the caller meant to hand over, and stay; so does a
// file without a name, because nothing but itself can be reached from it.
#pragma once

#include <sys/types.h>

#include <array>
#include <span>
#include <string>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"
#include "sluice/confine/ways.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::confine {

struct Standard {
  enum class Fate {
    keep,
    reopen,  // by its path, with the flags it has, at its offset; a device has none: -1
    share,   // the same open file as that of a lower number that is opened again
    null,    // it was closed: /dev/null stands in, so that no other file gets its number
  };
  Fate fate = Fate::keep;
  std::string path;
  int flags = 0;
  off_t offset = 0;
  int with = -1;
};

using Standards = std::array<Standard, 3>;

// Decides for the calling process's descriptors 0 to 2.
// targets, mounts  places of the views' files, and the mounts, from before views were mounted
// errors  EBADF with a line that says which descriptor and why
Result<Standards, Error> check_standards(std::span<const std::string> views,
                                         std::span<const Target> targets,
                                         std::span<const mount::MountEntry> mounts);

// Opens something harmless in place of closed ones, so that nothing of ours gets their numbers.
void fill_closed(const Standards& standards) noexcept;

// Carries the decisions out, inside. errors: as open(2) has them, in a line.
Result<void, Error> apply_standards(const Standards& standards);

// Gives where the reopened ones stand now; -1 for others.
std::array<off_t, 3> offsets_of(const Standards& standards) noexcept;
// Moves the caller's own descriptors there: whoever writes to them next goes on behind the command.
void set_offsets(const Standards& standards, const std::array<off_t, 3>& offsets) noexcept;

}  // namespace sluice::confine
