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
  int limit = 64;     // threads at most, at least 1; besides those that are held up
  int held_up = 256;  // of those, so many at most are not counted
  int keep_idle = 2;  // waiting threads beyond this end
  // Runs in each thread before it serves; an error ends that thread. May be empty.
  std::function<Result<void>()> start;
};

// Serves `connection` with `session` until it is unmounted, and returns when all threads ended.
// errors: what the first thread could not start with, or what ended the connection unusually.
Result<void> serve(Session& session, Connection& connection, const WorkerOptions& options);

// To be held by a handler while it waits for something that may take long and needs no processor of
// ours, such as another process: meanwhile its thread does not count, so that there is one for
// whoever comes next. Where serve() did not start the thread it does nothing.
class HeldUp {
 public:
  HeldUp() noexcept;
  ~HeldUp();
  HeldUp(const HeldUp&) = delete;
  HeldUp& operator=(const HeldUp&) = delete;
};

}  // namespace sluice::fuse
