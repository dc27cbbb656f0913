// SPDX-License-Identifier: MIT
// Private to mount: which mount a descriptor lies on, learned without a request to any daemon.
#pragma once

#include <cstdint>

#include "sluice/base/fd.h"

namespace sluice::mount {

struct Identity {
  std::int64_t mount_id = -1;   // as in mountinfo; reused
  std::uint64_t unique_id = 0;  // never reused; 0 before Linux 6.8
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t mode = 0;       // type bits of the object itself; 0 where we are not let in

  bool operator==(const Identity&) const noexcept = default;
};

// Reads it from `fd`, which may be O_PATH. Sends no FUSE request.
// errors   ENOENT no /proc.
// source   linux fs/fuse/dir.c fuse_update_get_attr(): AT_STATX_DONT_SYNC never asks
Result<Identity> identify(int fd);

// Gives the number that follows `key` and a colon in /proc/self/fdinfo/FD.
// errors: ENOENT no /proc; ENODATA no such key, or no number.
Result<std::int64_t> fdinfo_number(int fd, const char* key);

}  // namespace sluice::mount
