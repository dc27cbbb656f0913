// SPDX-License-Identifier: MIT
// Private to content: what the inspector's processes give up before they see a stranger's byte. No
// way back from any of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::content {

// For the process that forks, which must have one thread and all that it will ever need in memory:
// no network, no files, no capabilities, another user than root, no new privileges, no core, a
// bound on memory and on descriptors, and no system calls but those below.
// memory   in bytes, for each process beside what it has by now; 0: no bound
// returns  lines about what could not be given up, because of this kernel or this user
// errors   what must not be missing: capabilities, new privileges, system calls
Result<std::vector<std::string>, Error> give_up_everything(std::uint64_t memory);

// For a worker, right after it was forked: it reads the files that it is handed, allocates, talks
// over its line and ends. Anything else ends it, by SIGSYS.
Result<void, Error> give_up_forking();

// The filters themselves. errors: ENOSYS this architecture has none yet.
enum class Filter : std::uint8_t { forker, worker };
Result<void, Error> filter_system_calls(Filter filter);
// Whether this build has them: with sanitizers, which need more, there are none.
bool filters_system_calls() noexcept;

}  // namespace sluice::content
