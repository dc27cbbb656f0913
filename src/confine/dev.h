// SPDX-License-Identifier: MIT
// A /dev of the command's own: harmless nodes, new terminals, a /dev/shm that nobody shares.
//
// Root without capabilities still owns the disk's device node, and could read the lower from it. So
// none is there, and no other mount of the namespace lets device nodes be opened. Nodes are made
// anew where that is allowed, since a bound one could be given other permissions by its owner.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::confine {

// What is taken from the machine's /dev, before it is hidden and its devices are shut.
struct KeptDevice {
  std::string path;  // below /dev/
  Fd tree;           // detached copy of its mount
};

// Takes the usual nodes, `more`, and the terminal on descriptors 0 to 2 (to be /dev/console, where
// ttyname(3) finds it). errors: of `more`: EINVAL not below /dev, ENOENT and others as open_tree(2).
Result<std::vector<KeptDevice>, Error> keep_devices(std::span<const std::string> more);

// Mounts the new /dev over the old one.
Result<void, Error> mount_dev(const std::vector<KeptDevice>& devices);

}  // namespace sluice::confine
