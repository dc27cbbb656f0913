// SPDX-License-Identifier: MIT
// One column of the tables: a directory in which the same tree is seen in some way.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::bench {

// What a daemon says of itself. Absent is what this one cannot tell.
struct Status {
  // Requests since it started, by operation.
  std::map<std::string, std::uint64_t> requests = {};
  std::optional<std::uint64_t> open_descriptors = {};
  std::optional<std::uint64_t> nodes = {};
  // Memory that the nodes take, all together.
  std::optional<std::uint64_t> node_bytes = {};
};

class Target {
 public:
  virtual ~Target() = default;

  // Gives the heading of its column; the same for its whole life, as is directory().
  const std::string& name() const noexcept { return name_; }
  // Gives the root of its view of the tree, without a final '/'.
  const std::string& directory() const noexcept { return directory_; }
  // Gives lines that it had to say when it was set up, such as what is switched off and why.
  const std::vector<std::string>& notes() const noexcept { return notes_; }

  // Mounts it; returns once it serves. Bounded in time.
  virtual Result<void, Error> setup() = 0;
  // Undoes setup(), also one that failed halfway; may be called again. Bounded in time.
  virtual Result<void, Error> teardown() = 0;
  // Tells why the data file cannot be written by it; empty: it can.
  virtual std::string why_read_only() const { return {}; }
  // Asks its daemon. errors: ENOTSUP it is none that can be asked.
  virtual Result<Status, Error> status() { return fail(Error{"no daemon to ask", ENOTSUP}); }
  // Tells whether its requests can be counted by status().
  virtual bool counts_requests() const noexcept { return false; }

 protected:
  Target(std::string name, std::string directory)
      : name_{std::move(name)}, directory_{std::move(directory)} {}
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  void set_notes(std::vector<std::string> notes) { notes_ = std::move(notes); }

 private:
  std::string name_;
  std::string directory_;
  std::vector<std::string> notes_;
};

// The targets of a run, the lower one first.
using Targets = std::vector<std::unique_ptr<Target>>;

// Waits until the root of a freshly mounted `directory` answers. errors: ETIMEDOUT.
Result<void, Error> wait_until_it_serves(const std::string& directory);

}  // namespace sluice::bench
