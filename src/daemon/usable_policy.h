// SPDX-License-Identifier: MIT
// A policy that is to decide: read, compiled or taken from the cache, its own tests passed, and its
// subjects such that this machine can prove them.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sluice/content/detection.h"
#include "sluice/content/file_contents.h"
#include "sluice/daemon/outside_mount.h"
#include "sluice/daemon/provable.h"
#include "sluice/policy/check.h"
#include "sluice/policy/program.h"

namespace sluice::daemon {

enum class Compiled {
  cold,    // just now
  cached,  // before; its tests passed and its [[never]]s were proved then
};

struct UsablePolicy {
  policy::Program program;
  std::shared_ptr<const content::Detection> detection = nullptr;  // none: it asks for no content
  Compiled compiled = Compiled::cold;
  std::chrono::microseconds took{};  // all of it
  std::string cache_trouble = {};    // why the cache was not used or written; empty: it was
};

struct PolicyWish {
  std::string name;  // a file or a preset
  Callers callers = Callers::unsaid;
  OutsideMount files = {};
  std::string more_rules = {};    // a policy's text, without `version`, that counts as well
  std::string include_keys = {};  // of the [[include]] of the policy, `except` for example
};

// Gives the folder in which this user's compiled policies are kept; it need not exist.
// errors   ENOENT no home directory is known.
Result<std::string, Error> cache_folder();

// Opens the policy by way of the cache. errors: all that is wrong with it, [[test]]s that fail and
// subjects that cannot be proved included.
std::expected<UsablePolicy, policy::Diagnostics> open_usable(const PolicyWish& wish);

using Detection = std::shared_ptr<const content::Detection>;

// Gives the detectors that the policy asks for; none where it neither asks for content nor redacts.
// saved    what content::Detection::save() gave for them, or anything
// errors   those of Detection::make().
std::expected<Detection, policy::Diagnostics> detection_of(const policy::Program& program,
                                                           Bytes saved = {});
// Runs the policy's own tests. detection: what detection_of() gave
std::vector<policy::TestResult> run_tests(const policy::Program& program,
                                          const Detection& detection);

// Gives who looks into files for the policy, and keeps what was found in the cache's folder; nobody
// without detectors.
std::shared_ptr<content::FileContents> contents_for(std::shared_ptr<const policy::Program> program,
                                                    const Detection& detection,
                                                    content::FileContentsOptions options = {});

// Gives [{"severity", "text", "file", "line", "column"}].
nlohmann::json json_of(const policy::Diagnostics& diagnostics);

}  // namespace sluice::daemon
