// SPDX-License-Identifier: MIT
// Other programs, run with a time limit. Each gets a process group of its own, so that a ^C meant
// for us does not reach it and so that ending it ends what it started; no descriptor but the three
// standard ones; and default signal handling.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/bench/stop.h"

namespace sluice::bench {

using Clock = std::chrono::steady_clock;

struct Command {
  // [0] is looked for in PATH when it has no '/'.
  std::vector<std::string> arguments = {};
  // Where it runs; empty for here. Never on a mount under test: we wait for this without a limit.
  std::string directory = {};
  // NAME=VALUE, in place of what the environment has under these names.
  std::vector<std::string> environment = {};
  // A file for its standard output; empty captures it.
  std::string output_file = {};
  std::chrono::milliseconds timeout{30'000};
  Heed heed = Heed::stop;
};

struct Finished {
  // What it exited with, 128 + n when signal n ended it.
  int exit_code = 0;
  // The first mebibytes of what it wrote.
  std::string out = {};
  std::string err = {};
  // From just before it was started until it was seen to have ended.
  std::chrono::nanoseconds wall{};
};

// A process that we started and have not reaped. Destroying it ends its group and reaps it.
class Child {
 public:
  Child() = default;
  Child(pid_t pid, Fd pidfd) noexcept : pid_{pid}, pidfd_{std::move(pidfd)} {}
  Child(Child&& other) noexcept
      : pid_{std::exchange(other.pid_, -1)}, pidfd_{std::move(other.pidfd_)} {}
  Child& operator=(Child&& other) noexcept;
  ~Child() { end(); }

  // Gives its id, -1 for none. Until it is reaped, the id cannot come to mean another process.
  pid_t pid() const noexcept { return pid_; }
  // Gives a descriptor that is readable once it has ended.
  int ended_event() const noexcept { return pidfd_.get(); }
  // Tells whether it ended before `deadline`; does not reap.
  bool ended_by(Clock::time_point deadline) const noexcept;
  // Gives the exit code of one that has ended, and forgets it. Its group is left alone: a daemon
  // that it put into the background lives on.
  int reap() noexcept;
  // Kills its whole group and reaps it. One that cannot die (it hangs in a dead mount) is given up
  // after two seconds.
  void end() noexcept;

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
};

// Takes a child that is not reaped yet. errors: as pidfd_open(2); the child is killed then.
Result<Child> adopt(pid_t pid);

// Starts `command` with standard output and error going to the two descriptors.
// errors   ENOENT, EACCES it cannot be run.
Result<Child, Error> start(const Command& command, int output, int error_output);

// Runs `command` to its end. A process that it leaves behind in the background is not waited for.
// errors   as start(); ETIMEDOUT it took too long and was killed, EINTR a stop was wished (killed).
Result<Finished, Error> run_process(const Command& command);

// Runs `command` and refuses any exit code but 0, with the last line that it wrote as the reason.
Result<Finished, Error> run_well(const Command& command);

// Gives the last line of `text` that is not blank, at most 200 bytes, without control characters.
std::string last_line(std::string_view text);

}  // namespace sluice::bench
