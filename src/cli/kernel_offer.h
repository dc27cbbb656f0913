// SPDX-License-Identifier: MIT
// What this machine's kernel offers to a FUSE server.
#pragma once

#include "sluice/base/result.h"
#include "sluice/wire/init.h"

namespace sluice::cli {

// Makes a FUSE file system that is mounted nowhere, hears what the kernel says first, and lets it
// go. Takes a few milliseconds.
// errors   ENOENT no /dev/fuse; EACCES, EPERM without privileges; ENOSYS before Linux 5.2;
//          ETIMEDOUT; EPROTO a kernel too old to be served.
Result<wire::InitOffer, Error> ask_kernel();

}  // namespace sluice::cli
