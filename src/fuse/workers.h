// SPDX-License-Identifier: MIT
// The threads that serve a connection. There is always one that waits for the next request, as
// long as the limit allows: when the last waiting thread gets something to do, another is started.
// Threads that find too many waiting end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "sluice/fuse/session.h"

namespace sluice::fuse {

struct WorkerOptions {
  int limit = 64;     // threads at most, at least 1
  int keep_idle = 2;  // waiting threads beyond this end
  // Runs in each thread before it serves; an error ends that thread. May be empty.
  std::function<Result<void>()> start;
};

// Serves `connection` with `session` until it is unmounted, and returns when all threads ended.
// errors: what the first thread could not start with, or what ended the connection unusually.
Result<void> serve(Session& session, Connection& connection, const WorkerOptions& options);

}  // namespace sluice::fuse
