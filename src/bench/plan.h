// SPDX-License-Identifier: MIT
// What a run will do, in order, each step with a label to choose it by and a guess of its time.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/bench/session.h"

namespace sluice::bench {

struct Step {
  // "Group: name".
  std::string label = {};
  std::chrono::duration<double> expected{};
  bool needs_fio = false;
  bool needs_data_file = false;
  std::function<Result<void, Error>(Session&)> run;
};

// Gives the steps of `extent` that `only` chooses, for `targets` targets of which one or more can
// count requests when `counting` is true.
enum class Counting { no, yes };
std::vector<Step> plan(Extent extent, std::string_view only, const Settings& settings,
                       std::size_t targets, Counting counting);

// Tells whether `label` is chosen by `only`: all by an empty one; by a shell pattern (of the whole
// label) where it has `*`, `?` or `[`; else by being in it. Case does not count.
bool chosen(std::string_view label, std::string_view only);

}  // namespace sluice::bench
