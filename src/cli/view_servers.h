// SPDX-License-Identifier: MIT
// The daemons behind the views of one `sluice run`: one for each directory, started where the
// command's mounts are made, told to end when the command has, and asked for what they did.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/daemon/config.h"

namespace sluice::cli {

class ViewServers {
 public:
  struct Options {
    std::vector<std::string> views;  // absolute, outer before inner
    daemon::Config config;           // of each, but for where it is
  };

  // Opens what ties the servers to this process. errors: EMFILE.
  static Result<ViewServers, Error> make(Options options);

  // Starts a server over each view, one after another, in the calling process's namespaces; returns
  // when all serve. May be called in a fork of the process that made this, with one thread. The
  // servers are forks too, and no new programs: in a user namespace a new program has no privileges.
  // errors  what a server said is on standard error already; the line names the view.
  Result<void, Error> start() const;

  // Tells them to end and gives what each did, in the order of the views; null for one that died
  // or does not answer in time.
  std::vector<nlohmann::json> finish();

 private:
  struct Pipe {
    Fd read;
    Fd write;
  };
  explicit ViewServers(Options options) : options_{std::move(options)} {}
  Result<void, Error> start_one(std::size_t view) const;

  Options options_;
  Pipe life_;                 // a server ends when nobody holds the end for writing
  std::vector<Pipe> reports_;  // one for each view
};

}  // namespace sluice::cli
