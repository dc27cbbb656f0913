// SPDX-License-Identifier: MIT
#include "sluice/bench/interleave.h"

#include "sluice/bench/process.h"

namespace sluice::bench {
namespace {

void mark(std::span<Cell> cells, std::size_t index, const Error& error) {
  for (Cell& cell : cells) {
    Series& series = cell.series[index];
    series.rounds.clear();
    series.missing = is_skip(error) ? Missing::skipped : Missing::failed;
    series.reason = error.line();
  }
}

}  // namespace

Error skip(std::string reason) { return Error{std::move(reason), ENOTSUP}; }

bool is_skip(const Error& error) { return error.cause() == Errno{ENOTSUP}; }

Result<void, Error> interleave(std::span<Cell> cells, const Turns& turns, const Measure& measure) {
  if (cells.empty()) return {};
  for (Cell& cell : cells) {
    cell.series.clear();
    for (const auto& target : turns.targets) cell.series.push_back({.target = target->name()});
  }
  auto begin = Clock::now();
  for (int round = 0; round < turns.rounds; ++round) {
    if (round > 0 && Clock::now() - begin > turns.enough) break;
    for (std::size_t i = 0; i < turns.targets.size(); ++i) {
      if (cells.front().series[i].missing != Missing::nothing) continue;
      auto numbers = measure(*turns.targets[i], i);
      if (StopSignals::received() != 0) return fail(stopped());
      if (numbers && numbers->size() != cells.size()) numbers = fail(Error{"no result"});
      if (numbers) {
        for (std::size_t c = 0; c < cells.size(); ++c) {
          cells[c].series[i].rounds.push_back((*numbers)[c]);
        }
        continue;
      }
      if (i > 0) {
        mark(cells, i, numbers.error());
        continue;
      }
      for (std::size_t all = 0; all < turns.targets.size(); ++all) {
        mark(cells, all, numbers.error());
      }
      return {};
    }
  }
  return {};
}

}  // namespace sluice::bench
