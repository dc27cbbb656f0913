// SPDX-License-Identifier: MIT
// The policy of a mount in use: how it came, what it does, and how another takes its place. A
// policy that cannot be used, whose tests fail, or that is gone or half written changes nothing.
#pragma once

#include <chrono>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "decision_log.h"
#include "lower_names.h"
#include "sluice/daemon/config.h"
#include "sluice/daemon/outside_mount.h"
#include "sluice/daemon/usable_policy.h"
#include "sluice/guard/guard.h"

namespace sluice::daemon {

class LivePolicy {
 public:
  struct Start {
    std::string name;     // as it was asked for
    std::string path;     // the same for later: a preset's name, or an absolute path
    std::string subject;  // who every caller is; empty: callers are told apart
    bool observe = false;
    Compiled compiled = Compiled::cold;
    std::chrono::microseconds took{};
    std::string cache_trouble;
  };
  // What it works on; all of it outlives this.
  struct Mount {
    guard::Guard& guard;
    DecisionLog& decisions;
    fuse::Notifier& notifier;
    OutsideMount files;
    LowerNames names;
    std::shared_ptr<content::FileContents> contents;  // of the policy; none: it asks for none
  };
  // Gives what is to be known of a policy as it was opened; before the working directory changes.
  // errors   EINVAL it has no subject of that name; those of finding the policy's folder.
  static Result<Start, Error> start_of(const Config& config, const UsablePolicy& opened);

  LivePolicy(Start start, Mount mount) : now_{std::move(start)}, mount_{std::move(mount)} {}

  // Reads the policy again, or another one, and goes over to it; any thread, one at a time.
  // name     a preset or an absolute path; empty: the one that is in use.
  // returns  {"ok": true, "policy", "compiled", "milliseconds", "directories", "files",
  //          "open_files", "open": [paths, the first 20]}, or {"ok": false, "policy",
  //          "diagnostics", "lines": [one for each thing that is wrong]}.
  nlohmann::json reload(const std::string& name = {});
  // The same as the control command: {"command": "reload", "policy": NAME}.
  Result<nlohmann::json, Error> answer(const nlohmann::json& request);
  // The same by SIGHUP, and the log is opened anew; gives what a person should know.
  std::vector<std::string> hang_up();

  // {"name", "subject", "told_apart", "enforced", "compiled", "milliseconds", "reloads", "places",
  // "decisions", ...}
  nlohmann::json status() const;

 private:
  std::expected<UsablePolicy, policy::Diagnostics> open(const std::string& name) const;
  nlohmann::json take_over(const std::string& name, UsablePolicy opened);
  nlohmann::json refused(const std::string& name, const policy::Diagnostics& why);

  std::mutex reload_mutex_;   // one reload at a time; taken before mutex_
  std::chrono::steady_clock::time_point last_{};  // of a reload; guarded by reload_mutex_
  mutable std::mutex mutex_;  // guards now_, reloads_, last_refusal_, mount_.contents
  Start now_;
  std::uint64_t reloads_ = 0;
  std::vector<std::string> last_refusal_;  // of the last reload; empty: it was done
  Mount mount_;
};

}  // namespace sluice::daemon
