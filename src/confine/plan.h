// SPDX-License-Identifier: MIT
// What a confined command is to be started with, and what became of it.
//
// A plan is plain data and knows nothing of policies or of FUSE: a view is a directory that somebody
// mounts something over. Who serves that mount stays outside, in a process of the caller's that
// holds its descriptors from before.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/confine/environment.h"

namespace sluice::confine {

// What the command may write outside of views, of /tmp and /var/tmp, and of Plan::writable.
enum class Outside {
  by_uid,     // read_only for uid 0, as_is for everybody else
  read_only,  // nothing
  as_is,      // what its uid may
};

struct Plan {
  // The words of the command, at least one. The first is looked up in the filtered PATH, inside.
  std::vector<std::string> command;

  // The directories that Hooks::mount_views mounts over: absolute, without symbolic links, in the
  // order in which they are mounted (outer before inner). Other ways to the same files are covered
  // with the view, or the start is refused.
  std::vector<std::string> views;

  // Where the command starts; looked up again inside. Empty: the caller's working directory.
  std::string directory;

  Outside outside = Outside::by_uid;
  // Directories that stay writable although the outside is read-only; missing ones are passed over.
  std::vector<std::string> writable;

  // Sockets that stay in reach: absolute paths, or `@name` for an abstract one. Landlock knows no
  // single names: one `@name` leaves all abstract sockets in reach.
  std::vector<std::string> allow_sockets;

  // Device nodes to have besides the usual harmless ones, such as `/dev/dri/renderD128`.
  std::vector<std::string> devices;

  EnvironmentRules environment;

  // How long all may take until the command runs; then the start is given up.
  std::chrono::milliseconds start_limit{30'000};
};

// What was done and could not be done, as lines for people; names in backticks.
struct Report {
  std::vector<std::string> removed_variables;  // names, sorted
  std::vector<std::string> covered;            // other ways to the lower that were covered
  std::vector<std::string> sockets;            // paths out of reach, of sockets and their folders
  std::vector<std::string> missing;            // protections that this kernel or user cannot have
};

struct Hooks {
  // Mounts every view over its directory. Runs in the stage: a child of the calling process in a
  // mount namespace of its own; for an ordinary user in a user namespace too, in which it may mount
  // FUSE through a /dev/fuse that it opens there itself. Descriptors of the caller are inherited.
  // A user's privileges there do not survive exec(2), so it has to mount itself; and no process may
  // stay behind in the stage's mount namespace, or the mounts stay too.
  // What is to stay read-only outside is so already; each mount is nodev and nosuid except /dev.
  // What it mounts is seen by the command alone and ends with it.
  std::function<Result<void, Error>()> mount_views;

  // Called in the calling process just before the command runs; may be empty.
  std::function<void(const Report&)> starting = {};
};

struct Ended {
  int status = 0;  // the command's own; 128 + N when signal N ended it; 126, 127 not executed
  std::string why;  // one line when it could not be executed, else empty
};

}  // namespace sluice::confine
