// SPDX-License-Identifier: MIT
// A file that a policy keeps out of sight may be in the history of the repository it lies in: what
// reads `.git` reads it there. This finds such files by the paths they had.
//
// Known by path is what is reachable: branches, tags, stashes, the reflog, the index. Objects that
// nothing refers to any more have no path.
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/policy/program.h"

namespace sluice::cli {

struct KeptInHistory {
  std::string path;                  // in the repository
  std::vector<std::string> commits;  // "HASH SUBJECT", the newest three; none: it is only staged
};

struct History {
  std::vector<KeptInHistory> kept;  // the first ten
  bool more = false;
};

// Looks into the history of the repository at `directory`, which is the root of a view, for paths
// that the subject may not see or not read; an answer of "none" is kept until the repository or the
// policy changes. A directory without a repository has none.
// errors   ENOENT git is not installed; EIO git could not tell.
Result<History, Error> look_into_history(const std::string& directory,
                                         const policy::Program& program,
                                         policy::SubjectIndex subject);

}  // namespace sluice::cli
