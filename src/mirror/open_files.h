// SPDX-License-Identifier: MIT
// What the mirror keeps for an open file and an open directory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>

#include "sluice/base/fd.h"
#include "sluice/base/ids.h"
#include "sluice/mirror/admitted.h"

namespace sluice::mirror {

struct OpenFile {
  NodeId node{};
  // The lower file: always where it is served; where it passes through only if it may write (to see
  // errors of writing back that fsync must report), and while there are descriptors to spare.
  Fd fd;
  int flags = 0;  // of open(2)
  bool passes_through = false;
  bool counted_descriptor = false;
  std::shared_ptr<const Substitute> substitute;  // what is read instead of the lower file
};

struct OpenDirectory {
  NodeId node{};
  Fd fd;
  dev_t device = 0;
  std::uint64_t mount = 0;  // stx_mnt_id, to tell hidden mount points apart
  // Guards the position of `fd`, which listing moves.
  std::unique_ptr<std::mutex> position_mutex;
  std::int64_t position = 0;
};

}  // namespace sluice::mirror
