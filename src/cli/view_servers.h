// SPDX-License-Identifier: MIT
// The servers behind the views of one `sluice run`: one for each directory, forked before anything
// is mounted, so that each sees the lower tree and the machine as they were; told to end when the
// command has, and asked for what they did.
//
// They stay outside of the command's namespaces. What is mounted there is mounted by whoever sets
// those up, which calls mount() there, and hands each server its device.
#pragma once

#include <sys/types.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/daemon/config.h"
#include "sluice/mount/options.h"
#include "sluice/daemon/usable_policy.h"

namespace sluice::cli {

class ViewServers {
 public:
  struct Options {
    std::vector<std::string> views;  // absolute, outer before inner
    daemon::Config config;           // of each, but for where it is
    std::shared_ptr<const daemon::UsablePolicy> policy;
  };

  // Forks the servers, which wait for their mounts. The calling process must have one thread.
  // errors   EMFILE, EAGAIN; those of opening a view.
  static Result<ViewServers, Error> start(const Options& options);
  ~ViewServers();
  ViewServers(ViewServers&&) noexcept = default;
  ViewServers& operator=(ViewServers&&) = delete;

  // Mounts each view, one after another, in the calling process's namespaces, and comes back when
  // all are served. May be called in a fork of the process that started them.
  // errors  of mount::mount(); EIO a server ended, which has said why on standard error.
  Result<void, Error> mount() const;

  // Tells them to end and gives what each did, in the order of the views; null for one that died
  // or does not answer in time.
  std::vector<nlohmann::json> finish();

 private:
  struct View {
    std::string directory;
    mount::Options options;
    Fd socket;  // the server is at its other end
    pid_t server = -1;
  };
  ViewServers() = default;
  Result<void, Error> add(const Options& options, const std::string& directory);

  std::vector<View> views_;
};

}  // namespace sluice::cli
