// SPDX-License-Identifier: MIT
// What a process that makes mounts itself hands to each server that it forks.
#pragma once

#include <memory>

#include "sluice/daemon/source.h"
#include "sluice/daemon/usable_policy.h"

namespace sluice::daemon {

struct Handed {
  Source source;
  std::shared_ptr<const UsablePolicy> policy;
  // One end of a socket pair (SOCK_STREAM). Over it come the mount (mount::hand_over), and, when the
  // other side is shut for writing, the wish to end; back goes kServes when the mount can be used,
  // and after the end what `sluice status --json` would have said, up to the socket's end.
  Fd parent;
};

inline constexpr char kServes = 's';

}  // namespace sluice::daemon
