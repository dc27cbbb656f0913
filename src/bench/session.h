// SPDX-License-Identifier: MIT
// What the parts of a run share, and the parts. Each measures its cells on all targets and adds
// them to the report; files that it needs it makes in the lower directory, once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sluice/bench/data_cell.h"
#include "sluice/bench/first_open.h"
#include "sluice/bench/metadata.h"
#include "sluice/bench/report.h"
#include "sluice/bench/scratch.h"
#include "sluice/bench/target.h"

namespace sluice::bench {

struct Settings {
  int rounds = 3;
  std::chrono::milliseconds runtime{1000};
  std::uint64_t data_file_bytes = 256u << 20;
  unsigned walk_files = 200'000;
  bool contents = false;
};

struct Session {
  Settings settings;
  const Scratch& scratch;
  // The lower directory that all targets show.
  std::string source;
  const Targets& targets;
  Report& report;
  bool data_file_made = false;
  bool metadata_trees_made = false;
  unsigned fresh_trees = 0;
};

// The parts. errors of each: EINTR a stop was wished; what keeps all of its cells from being
// measured. What concerns one target is in the report instead.
Result<void, Error> measure_data(Session& session, const DataCell& cell);
Result<void, Error> measure_build(Session& session);
Result<void, Error> measure_metadata(Session& session, MetadataOp op);
Result<void, Error> measure_first_open(Session& session, const FreshFiles& files);
Result<void, Error> measure_walk(Session& session);
Result<void, Error> count_requests(Session& session);

// Makes the data file unless it is there.
Result<void, Error> need_data_file(Session& session);

// Where the data file is in a target's view.
inline std::string data_file_in(const std::string& directory) { return directory + "/data"; }

}  // namespace sluice::bench
