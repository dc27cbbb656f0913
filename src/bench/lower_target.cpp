// SPDX-License-Identifier: MIT
#include "sluice/bench/lower_target.h"

#include <sys/stat.h>

#include "sluice/bench/worker.h"

namespace sluice::bench {

Result<void, Error> wait_until_it_serves(const std::string& directory) {
  Work work;
  work.timeout = std::chrono::seconds{10};
  work.body = [&](const Steps&) -> Result<Numbers, Error> {
    struct stat attributes {};
    if (::stat(directory.c_str(), &attributes) == 0) return Numbers{};
    return fail(Error::of("the mounted directory does not answer", Errno::last()));
  };
  TRY(run_apart(work));
  return {};
}

}  // namespace sluice::bench
