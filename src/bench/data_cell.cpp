// SPDX-License-Identifier: MIT
#include "sluice/bench/data_cell.h"

#include <fmt/format.h>

#include <array>

namespace sluice::bench {
namespace {

constexpr std::uint32_t k4K = 4096;
constexpr std::uint32_t k64K = 65536;
constexpr std::uint32_t k1M = 1u << 20;

constexpr auto kWarm = Cache::warm;
constexpr auto kCold = Cache::cold;
constexpr auto kBuffered = Transfer::buffered;
constexpr auto kDirect = Transfer::direct;

using enum Pattern;
using enum Engine;

// The workloads by which passthrough has been judged since it was first proposed.
constexpr std::array kWorkloads{
    DataCell{read, k4K, psync, kBuffered, 1, kWarm, "large file, 4 KiB synchronous read"},
    DataCell{write, k4K, psync, kBuffered, 1, kWarm, "large file, 4 KiB synchronous write"},
    DataCell{randread, k4K, psync, kBuffered, 1, kWarm, "large file, 4 KiB synchronous randread"},
    DataCell{randwrite, k4K, psync, kBuffered, 1, kWarm, "large file, 4 KiB synchronous randwrite"},
};

constexpr std::array kQuick{
    DataCell{read, k1M, psync, kBuffered, 1, kWarm},
    DataCell{write, k1M, psync, kBuffered, 1, kWarm},
    DataCell{randread, k4K, libaio, kDirect, 32, kWarm},
    DataCell{randread, k4K, mmap, kBuffered, 1, kWarm},
};

constexpr std::array kStandard{
    DataCell{read, k64K, psync, kBuffered, 1, kWarm},
    DataCell{write, k64K, psync, kBuffered, 1, kWarm},
    DataCell{read, k1M, psync, kBuffered, 1, kWarm},
    DataCell{write, k1M, psync, kBuffered, 1, kWarm},
    DataCell{read, k4K, psync, kBuffered, 1, kCold},
    DataCell{randread, k4K, psync, kBuffered, 1, kCold},
    DataCell{read, k1M, psync, kBuffered, 1, kCold},
    DataCell{randread, k4K, libaio, kDirect, 1, kWarm},
    DataCell{randread, k4K, libaio, kDirect, 32, kWarm},
    DataCell{randwrite, k4K, libaio, kDirect, 1, kWarm},
    DataCell{randwrite, k4K, libaio, kDirect, 32, kWarm},
    DataCell{read, k1M, libaio, kDirect, 32, kWarm},
    DataCell{write, k1M, libaio, kDirect, 32, kWarm},
    DataCell{randread, k4K, io_uring, kDirect, 1, kWarm},
    DataCell{randread, k4K, io_uring, kDirect, 32, kWarm},
    DataCell{randwrite, k4K, io_uring, kDirect, 32, kWarm},
    DataCell{randread, k4K, io_uring, kBuffered, 1, kWarm},
    DataCell{randread, k4K, io_uring, kBuffered, 32, kWarm},
    DataCell{randwrite, k4K, io_uring, kBuffered, 32, kWarm},
    DataCell{read, k1M, io_uring, kBuffered, 32, kWarm},
    DataCell{randread, k4K, mmap, kBuffered, 1, kWarm},
    DataCell{randwrite, k4K, mmap, kBuffered, 1, kWarm},
    DataCell{read, k1M, mmap, kBuffered, 1, kWarm},
};

struct Way {
  Engine engine;
  Transfer transfer;
  std::uint32_t depth;
};

constexpr std::array kWays{
    Way{psync, kBuffered, 1},     Way{libaio, kDirect, 1},    Way{libaio, kDirect, 32},
    Way{io_uring, kDirect, 1},    Way{io_uring, kDirect, 32}, Way{io_uring, kBuffered, 1},
    Way{io_uring, kBuffered, 32}, Way{mmap, kBuffered, 1},
};

bool is_workload(const DataCell& cell) {
  return cell.engine == psync && cell.block_bytes == k4K && cell.cache == kWarm;
}

void append_cross_product(std::vector<DataCell>& cells) {
  for (const Way& way : kWays) {
    for (std::uint32_t block : {k4K, k64K, k1M}) {
      for (Pattern pattern : {read, write, randread, randwrite}) {
        DataCell cell{pattern, block, way.engine, way.transfer, way.depth, kWarm};
        if (!is_workload(cell)) cells.push_back(cell);
        // Direct transfers have no cache to be warm or cold; a write does not ask what was there.
        if (way.transfer == kDirect || !cell.reads()) continue;
        cell.cache = kCold;
        cells.push_back(cell);
      }
    }
  }
}

std::string_view size_word(std::uint32_t bytes) {
  return bytes == k4K ? "4 KiB" : bytes == k64K ? "64 KiB" : "1 MiB";
}

}  // namespace

std::string_view word(Pattern pattern) noexcept {
  constexpr std::array<std::string_view, 4> kWords{"read", "write", "randread", "randwrite"};
  return kWords[static_cast<std::size_t>(pattern)];
}

std::string_view word(Engine engine) noexcept {
  constexpr std::array<std::string_view, 4> kWords{"psync", "libaio", "io_uring", "mmap"};
  return kWords[static_cast<std::size_t>(engine)];
}

std::string DataCell::name() const {
  if (!title.empty()) return std::string{title};
  std::string text = fmt::format("{} {}, {}", size_word(block_bytes), word(pattern), word(engine));
  bool queued = engine == io_uring || engine == libaio;
  if (queued) text += fmt::format(" {} qd {}", transfer == kDirect ? "direct" : "buffered", depth);
  if (transfer == kBuffered && reads()) text += cache == kCold ? ", cold" : ", cached";
  return text;
}

Cause DataCell::cause() const noexcept {
  if (engine == mmap || transfer == kDirect) return Cause::none;
  if (engine == io_uring && !reads()) return Cause::ring_write_punted;
  if (block_bytes >= k64K) return Cause::none;
  return reads() ? Cause::read_call : Cause::write_call;
}

std::vector<DataCell> data_cells(Extent extent) {
  std::vector<DataCell> cells{kWorkloads.begin(), kWorkloads.end()};
  switch (extent) {
    case Extent::quick: cells.insert(cells.end(), kQuick.begin(), kQuick.end()); break;
    case Extent::standard: cells.insert(cells.end(), kStandard.begin(), kStandard.end()); break;
    case Extent::full: append_cross_product(cells); break;
  }
  return cells;
}

}  // namespace sluice::bench
