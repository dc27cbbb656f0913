// SPDX-License-Identifier: MIT
// How a mirror behaves, as whoever mounts it chooses.
#pragma once

#include "sluice/fuse/attr.h"
#include "sluice/mirror/lower_tree.h"

namespace sluice::mirror {

enum class Locks {
  local,   // the kernel keeps them; users of the lower tree do not see them
  shared,  // taken on the lower files, so that everybody sees them; each close costs a FLUSH
};

enum class Passthrough { wanted, off };

struct Options {
  Passthrough passthrough = Passthrough::wanted;
  Locks locks = Locks::local;
  Submounts submounts = Submounts::follow;
  // For how long names and attributes are believed; changes made below the mount behind its back
  // are seen that much later. Names that are absent are not remembered.
  fuse::Validity entry_timeout = std::chrono::seconds{1};
  fuse::Validity attr_timeout = std::chrono::seconds{1};
};

}  // namespace sluice::mirror
