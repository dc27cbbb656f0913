// SPDX-License-Identifier: MIT
// `sluice bench`: the same work on a lower directory, on Sluice's mounts of it and on other
// programs' mounts of it, in turn, within one run. What comes out are ratios: times are not
// comparable between machines, and on a shared machine not even between minutes.
#pragma once

#include "sluice/base/result.h"
#include "sluice/bench/config.h"

namespace sluice::bench {

// Measures as `config` says, prints the tables to stdout and writes the files asked for. Everything
// it mounts is unmounted and everything it makes is removed on every way out, signals included.
// It must be the only thing its process does: it forks, and takes SIGINT, SIGTERM and SIGHUP.
// returns  the exit code: 0 all measured; 1 some cell could not be; 128 + n stopped by signal n,
//          with what was measured until then printed.
// errors   EINVAL an option; ENOENT fio or the command is missing; ENOSPC too little room;
//          anything that mounting says.
Result<int, Error> run(const Config& config);

}  // namespace sluice::bench
