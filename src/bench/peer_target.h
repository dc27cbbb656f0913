// SPDX-License-Identifier: MIT
// A mount made by some other program, given as a shell command. It may stay in the foreground, as
// most FUSE servers do with -f, or put itself into the background.
#pragma once

#include <chrono>

#include "sluice/bench/process.h"
#include "sluice/bench/target.h"

namespace sluice::bench {

struct PeerPlan {
  // With {src} and {mnt} in it.
  std::string command = {};
  std::string source = {};
  std::string mount_point = {};
  // Gets what the program writes; its last line is the reason shown when it fails.
  std::string log_file = {};
  std::chrono::milliseconds mount_timeout{10'000};
};

class PeerTarget final : public Target {
 public:
  PeerTarget(std::string name, PeerPlan plan);
  ~PeerTarget() override { static_cast<void>(teardown()); }

  // errors   ETIMEDOUT nothing was mounted in time; ECHILD the program ended without mounting.
  Result<void, Error> setup() override;
  // Unmounts; then ends the process that setup() started and its group, by id, and no other.
  Result<void, Error> teardown() override;
  // Gives the descriptors that the started process holds, while it is in the foreground.
  Result<Status, Error> status() override;

  // Gives the id of the process started by setup(), -1 for none.
  pid_t pid() const noexcept { return child_.pid(); }

 private:
  Result<void, Error> wait_for_mount();
  Error gave_up(std::string_view why, Errno cause) const;

  PeerPlan plan_;
  Child child_;
};

// Gives the heading for a peer's column: the name of its program. errors: EINVAL {src} or {mnt}
// does not stand in the command.
Result<std::string, Error> peer_name(std::string_view command);

}  // namespace sluice::bench
