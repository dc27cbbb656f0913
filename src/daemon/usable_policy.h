// SPDX-License-Identifier: MIT
// A policy that is to decide: read, compiled or taken from the cache, its own tests passed, and its
// subjects such that this machine can prove them.
#pragma once

#include <chrono>
#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sluice/daemon/outside_mount.h"
#include "sluice/daemon/provable.h"
#include "sluice/policy/program.h"

namespace sluice::daemon {

enum class Compiled {
  cold,    // just now
  cached,  // before; its tests passed and its [[never]]s were proved then
};

struct UsablePolicy {
  policy::Program program;
  Compiled compiled = Compiled::cold;
  std::chrono::microseconds took{};  // all of it
  std::string cache_trouble = {};    // why the cache was not used or written; empty: it was
};

struct PolicyWish {
  std::string name;  // a file or a preset
  Callers callers = Callers::unsaid;
  OutsideMount files = {};
  std::string more_rules = {};  // a policy's text, without `version`, that counts as well
};

// Gives the folder in which this user's compiled policies are kept; it need not exist.
// errors   ENOENT no home directory is known.
Result<std::string, Error> cache_folder();

// Opens the policy by way of the cache. errors: all that is wrong with it, [[test]]s that fail and
// subjects that cannot be proved included.
std::expected<UsablePolicy, policy::Diagnostics> open_usable(const PolicyWish& wish);

// Gives [{"severity", "text", "file", "line", "column"}].
nlohmann::json json_of(const policy::Diagnostics& diagnostics);

}  // namespace sluice::daemon
