// SPDX-License-Identifier: MIT
// One way of moving data: what a row of the data tables is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/bench/causes.h"
#include "sluice/bench/config.h"
#include "sluice/bench/report.h"

namespace sluice::bench {

enum class Pattern : std::uint8_t { read, write, randread, randwrite };
enum class Engine : std::uint8_t { psync, libaio, io_uring, mmap };
enum class Transfer : std::uint8_t { buffered, direct };
// warm: the file is in the page cache when the clock starts. cold: nothing of it is.
enum class Cache : std::uint8_t { warm, cold };

struct DataCell {
  Pattern pattern = Pattern::read;
  std::uint32_t block_bytes = 4096;
  Engine engine = Engine::psync;
  Transfer transfer = Transfer::buffered;
  std::uint32_t depth = 1;
  Cache cache = Cache::warm;
  // A name of its own, where the cell is a workload that people speak of; else empty.
  std::string_view title = {};

  bool reads() const noexcept { return pattern == Pattern::read || pattern == Pattern::randread; }
  // Gives its row's heading, unlike that of any other cell.
  std::string name() const;
  // Blocks below 64 KiB are counted, larger ones are weighed.
  Unit unit() const noexcept { return block_bytes < 65536 ? Unit::operations : Unit::bytes; }
  // Gives what makes a passthrough file slower than its lower file here, if anything is known.
  Cause cause() const noexcept;
};

// Gives fio's own word for it.
std::string_view word(Pattern pattern) noexcept;
std::string_view word(Engine engine) noexcept;

// Gives the cells of an extent, the named workloads first.
std::vector<DataCell> data_cells(Extent extent);

}  // namespace sluice::bench
