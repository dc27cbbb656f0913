// SPDX-License-Identifier: MIT
// What the daemon knows of itself, as `sluice status --json` prints it.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "messages.h"
#include "sluice/fuse/session.h"
#include "sluice/mirror/mirror.h"

namespace sluice::daemon {

// Where the numbers come from; all borrowed for the call.
struct StatusOf {
  const std::string& mountpoint;
  const std::string& source;
  const std::vector<mirror::Feature>& features;
  const std::string& flags;  // of the mount, as words joined by commas
  std::chrono::steady_clock::time_point since;
  const fuse::Session& session;
  mirror::Mirror& mirror;
  const Messages& messages;
};

nlohmann::json status_json(const StatusOf& of);

}  // namespace sluice::daemon
