// SPDX-License-Identifier: MIT
// fio as the instrument for data: one job per run, its JSON read back.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/bench/data_cell.h"

namespace sluice::bench {

struct FioRun {
  DataCell cell = {};
  // The data file as the target shows it; there already, `file_bytes` long.
  std::string file = {};
  std::uint64_t file_bytes = 0;
  std::chrono::milliseconds runtime{1000};
  // Where fio may leave files of its own.
  std::string directory = {};
};

// Gives fio's command line. No advice is given to the kernel and no cache is dropped by fio: it
// would drop the lower file's cache when it runs on the lower file, and not through a mount.
std::vector<std::string> fio_arguments(const FioRun& run);

// Reads fio's JSON, with whatever it printed before, and gives the rate in the cell's unit.
// errors   EPROTO it is none; EIO the job failed; ENODATA nothing was moved.
Result<double, Error> parse_fio(std::string_view output, const DataCell& cell);

// Runs fio and gives the rate. errors: as parse_fio and run_process; fio's own line when it fails.
Result<double, Error> run_fio(const FioRun& run);

// Gives fio's version. errors: ENOENT with the name of the package.
Result<std::string, Error> fio_version();

}  // namespace sluice::bench
