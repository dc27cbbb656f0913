// SPDX-License-Identifier: MIT
// Puts sockets and the kernel's own controls out of reach, in the stage's mount namespace.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::confine {

struct Masked {
  std::vector<std::string> paths;    // out of reach now
  std::vector<std::string> missing;  // what could not be looked at, as lines
};

// Hides the folders of services and every bound socket, except those of `allowed`, which stay
// what they are. Sockets below a view are hidden by the view.
// errors  what mount(2) answers; E2BIG more bound sockets than can be hidden
Result<Masked, Error> mask_sockets(std::span<const std::string> views,
                                   std::span<const std::string> allowed);

// Makes /sys read-only and empties what in it shows or steers the kernel.
Result<void, Error> mask_sys();

// Mounts a /proc for the calling process's PID namespace, in which what belongs to the whole
// machine is read-only or empty. To be called by the namespace's first process.
Result<void, Error> mount_proc();

}  // namespace sluice::confine
