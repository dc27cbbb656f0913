// SPDX-License-Identifier: MIT
// Asks workers without privileges what is in a file. They are processes of `sluice-inspector`: one
// that compiles the detectors, gives up all that a process can have, and forks the workers; so a
// worker that hangs or dies is replaced in a moment. A worker has no files but the one that it is
// handed, no network, no capabilities and few system calls.
//
// Which process died when is never an error of the caller's: the answer is `timed_out` or `failed`.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/content/detection.h"
#include "sluice/content/finder.h"
#include "sluice/policy/program.h"

namespace sluice::content {

struct InspectorOptions {
  std::string program{};  // of the worker; empty: that of find_inspector()
  unsigned workers = 0;   // at the most; 0: one a processor, at most eight
  // For one file, from when a worker begins; without: [default].deadline.
  std::optional<std::chrono::milliseconds> deadline{};
  std::chrono::milliseconds queue_wait{30'000};     // for a worker that is free
  std::chrono::milliseconds start_timeout{60'000};  // for the detectors to be compiled
  std::uint64_t memory = std::uint64_t{1} << 30;    // of one worker, in bytes
};

class Inspector final : public Finder {
 public:
  // Starts the process and waits until it can answer.
  // errors  one line: the program is missing or not ours, or what it says.
  static Result<std::unique_ptr<Inspector>, Error> start(std::shared_ptr<const Detection> detection,
                                                         const policy::Program& program,
                                                         InspectorOptions options);
  ~Inspector() override;  // ends the processes

  Findings find(SetIndex set, int fd, std::uint64_t size, std::string_view path,
                const Interrupted& interrupted = {}) override;
  Redacted redact(policy::ContentSet contents, policy::With with, int fd, std::uint64_t size,
                  std::string_view path, const Interrupted& interrupted = {}) override;

  const Detection& detection() const noexcept;

  struct Stats {
    std::uint64_t asked = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t died = 0;       // workers that ended without an answer
    std::uint64_t restarted = 0;  // times that the process that forks them had to be started again
    std::uint64_t busy = 0;       // questions that waited for a worker in vain
  };
  Stats stats() const noexcept;
  // What this kernel or user cannot keep from the workers; one line each.
  std::vector<std::string> missing() const;

  struct Processes {
    pid_t parent = 0;              // of the workers
    std::vector<pid_t> workers{};  // that are alive, as this process sees them
  };
  Processes processes() const;

 private:
  class Pool;
  explicit Inspector(std::unique_ptr<Pool> pool) noexcept;
  std::unique_ptr<Pool> pool_;
};

}  // namespace sluice::content
