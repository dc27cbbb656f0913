// SPDX-License-Identifier: MIT
// Opens files by the paths they had before the mount was made. The daemon never asks its own mount
// for anything: what lies below the mountpoint is found in the source, below the mount.
#pragma once

#include <sys/types.h>

#include <string>

#include "sluice/base/fd.h"

namespace sluice::daemon {

class OutsideMount {
 public:
  // Nothing is mounted yet: every path is taken as it is.
  OutsideMount() = default;
  // mountpoint   absolute, without symbolic links.
  // source       what the mount shows; borrowed for as long as this is used, may be O_PATH.
  // device       what stat(2) gives for files in the mount.
  OutsideMount(std::string mountpoint, int source, dev_t device)
      : mountpoint_{std::move(mountpoint)}, source_{source}, device_{device} {}

  // As open(2), with O_CLOEXEC, O_NONBLOCK and O_NOCTTY added.
  // errors   ELOOP the path leads into the mount by a link; those of open(2).
  Result<Fd> open(const std::string& path, int flags, mode_t mode = 0) const;

  // Gives the path by which the same is found without asking the mount.
  std::string below(const std::string& path) const;

 private:
  std::string mountpoint_;  // empty: there is none
  int source_ = -1;
  dev_t device_ = 0;
};

// Gives the absolute path by which a file is found again after the working directory was changed:
// its folder without symbolic links, its own name as it is.
// errors   those of realpath(3), of the folder.
Result<std::string> path_for_later(const std::string& path);

}  // namespace sluice::daemon
