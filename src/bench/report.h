// SPDX-License-Identifier: MIT
// All that a run found out, as plain values: what the tables, the JSON and the page are made from.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/bench/causes.h"
#include "sluice/bench/stats.h"

namespace sluice::bench {

// The groups of cells, in the order in which they are measured and shown.
enum class Group : std::uint8_t { workloads, data, metadata, contents, walk };
inline constexpr std::array kGroups{Group::workloads, Group::data, Group::metadata, Group::contents,
                                    Group::walk};

// Why a target has no values in a cell.
enum class Missing : std::uint8_t { nothing, skipped, failed };

// One target's values of one cell; `rounds` is empty unless `missing` is nothing.
struct Series {
  std::string target = {};
  std::vector<double> rounds = {};
  Missing missing = Missing::nothing;
  std::string reason = {};
};

struct Cell {
  Group group = Group::data;
  std::string name = {};
  Unit unit = Unit::operations;
  // What is known to make a passthrough mount slower here.
  Cause cause = Cause::none;
  // One for each target, the lower one first.
  std::vector<Series> series = {};
};

// What a target held after the walk.
struct Footprint {
  std::string target = {};
  std::uint64_t files = 0;
  std::optional<std::uint64_t> descriptors = {};
  std::optional<std::uint64_t> nodes = {};
  std::optional<std::uint64_t> node_bytes = {};
};

// The requests that a target's daemon received while something was done `times` times.
struct Requests {
  std::string what = {};
  unsigned times = 0;
  struct Seen {
    std::string target = {};
    std::map<std::string, std::uint64_t> by_operation = {};
    std::string failure = {};  // empty when they were counted
  };
  std::vector<Seen> seen = {};
};

struct Environment {
  std::string kernel = {};
  std::string cpu = {};
  unsigned cpus = 0;
  std::uint64_t memory_bytes = 0;
  std::string date = {};  // ISO 8601, UTC
  std::string fio = {};
  std::string sluice = {};
  std::string lower_type = {};
  std::string lower_path = {};
};

struct Report {
  Environment environment = {};
  int rounds = 0;
  std::chrono::milliseconds runtime{};
  std::uint64_t data_file_bytes = 0;
  // Names, the lower one first; the notes of each beside it.
  std::vector<std::string> targets = {};
  std::map<std::string, std::vector<std::string>> notes = {};
  std::vector<Cell> cells = {};
  std::vector<Footprint> footprints = {};
  std::vector<Requests> requests = {};
  // The signal that ended it before its end, 0 for none.
  int stopped_by = 0;
};

// Below this a cell is shown with its cause.
inline constexpr double kNativeSpeed = 0.95;

std::string_view heading(Group group) noexcept;

// Gives the ratio of the target at `index` to the lower one; nothing where either was not measured.
std::optional<Ratio> ratio_of(const Cell& cell, std::size_t index);

// Gives the column whose cells are explained: Sluice with passthrough, if it was measured.
std::optional<std::size_t> explained_column(const Report& report);

// Gives the words that stand beside a cell whose ratio is `ratio`: empty at native speed, the
// cause's phrase below it, and a hint at noise where none is known.
std::string why(const Cell& cell, const Ratio& ratio);

// Gives "0.97 ~2%": the ratio and half the range of its rounds, that only where it is 2 % or more.
std::string format_ratio(const Ratio& ratio);

// Gives "3 OPEN, 3 RELEASE", or "0".
std::string format_requests(const std::map<std::string, std::uint64_t>& by_operation);

}  // namespace sluice::bench
