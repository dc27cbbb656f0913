// SPDX-License-Identifier: MIT
// The targets take turns: A B C A B C. What the machine does meanwhile then falls on all alike.
#pragma once

#include <functional>
#include <span>

#include "sluice/bench/report.h"
#include "sluice/bench/target.h"
#include "sluice/bench/worker.h"

namespace sluice::bench {

// Makes the error of something that is left out for a reason and did not fail.
Error skip(std::string reason);
bool is_skip(const Error& error);

struct Turns {
  const Targets& targets;
  int rounds = 1;
  // No further round is begun once this has passed.
  std::chrono::duration<double> enough{std::chrono::hours{24}};
};

// Measures one target once; gives a number for each cell. `index` is the target's place.
using Measure = std::function<Result<Numbers, Error>(Target& target, std::size_t index)>;

// Fills the series of `cells` with what `measure` gives. A target that fails is not asked again;
// when the lower one fails nothing can be compared, and all are marked. errors   EINTR a stop was
// wished; what the cells then hold is incomplete.
Result<void, Error> interleave(std::span<Cell> cells, const Turns& turns, const Measure& measure);

}  // namespace sluice::bench
