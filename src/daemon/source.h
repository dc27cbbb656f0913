// SPDX-License-Identifier: MIT
// What is to be shown, opened before anything is mounted over it.
#pragma once

#include <string>

#include "sluice/base/fd.h"
#include "sluice/mount/options.h"

namespace sluice::daemon {

struct Source {
  Fd fd;             // O_PATH
  std::string path;  // absolute and without symbolic links, as /proc shows it
  mount::RootKind kind = mount::RootKind::directory;
};

// errors   ENOENT; EACCES; ENOTCONN it lies in a dead mount; EINVAL neither directory nor file.
Result<Source, Error> open_source(const std::string& path);

}  // namespace sluice::daemon
