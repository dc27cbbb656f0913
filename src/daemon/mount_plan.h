// SPDX-License-Identifier: MIT
// From what is asked and what the lower mounts demand to the options of the mount.
#pragma once

#include <string>
#include <vector>

#include "sluice/daemon/config.h"
#include "sluice/daemon/source.h"

namespace sluice::daemon {

struct MountPlan {
  mount::Options options;
  // One line for each flag that only a mount below the source demands.
  std::vector<std::string> notes;
};

// The kernel checks permissions (default_permissions) always, and everybody may come in where the
// mounter is root. Flags that the lower mounts have cannot be taken off by `-o`.
// errors   EINVAL in the words of `-o`; what reading the lower mounts fails with.
Result<MountPlan, Error> plan_mount(const Config& config, const Source& source);

}  // namespace sluice::daemon
