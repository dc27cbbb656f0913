// SPDX-License-Identifier: MIT
#include "sluice/bench/json.h"

#include <nlohmann/json.hpp>

namespace sluice::bench {
namespace {

using json = nlohmann::ordered_json;

std::string_view word(Unit unit) {
  switch (unit) {
    case Unit::operations: return "operations/s";
    case Unit::bytes: return "bytes/s";
    case Unit::nanoseconds: return "ns";
    case Unit::seconds: return "s";
  }
  return "";
}

json series_json(const Cell& cell, std::size_t index) {
  const Series& series = cell.series[index];
  json out{{"target", series.target}, {"rounds", series.rounds}};
  if (series.missing != Missing::nothing) {
    out[series.missing == Missing::skipped ? "skipped" : "failed"] = series.reason;
    return out;
  }
  out["median"] = median(series.rounds);
  if (auto found = ratio_of(cell, index)) {
    out["ratio"] = found->value;
    out["ratio_low"] = found->low;
    out["ratio_high"] = found->high;
  }
  return out;
}

json cell_json(const Report& report, const Cell& cell) {
  json out{{"group", heading(cell.group)}, {"name", cell.name}, {"unit", word(cell.unit)}};
  for (std::size_t i = 0; i < cell.series.size(); ++i) {
    out["series"].push_back(series_json(cell, i));
  }
  auto column = explained_column(report);
  auto found = column ? ratio_of(cell, *column) : std::nullopt;
  if (std::string reason = found ? why(cell, *found) : std::string{}; !reason.empty()) {
    out["cause"] = reason;
    if (cell.cause != Cause::none) out["explanation"] = explanation(cell.cause);
  }
  return out;
}

json environment_json(const Environment& where) {
  return {{"kernel", where.kernel},
          {"cpu", where.cpu},
          {"cpus", where.cpus},
          {"memory_bytes", where.memory_bytes},
          {"date", where.date},
          {"fio", where.fio},
          {"sluice", where.sluice},
          {"lower", {{"type", where.lower_type}, {"path", where.lower_path}}}};
}

json footprint_json(const Footprint& held) {
  json out{{"target", held.target}, {"files", held.files}};
  if (held.descriptors) out["open_descriptors"] = *held.descriptors;
  if (held.nodes) out["nodes"] = *held.nodes;
  if (held.node_bytes) out["node_bytes"] = *held.node_bytes;
  return out;
}

json requests_json(const Requests& requests) {
  json out{{"what", requests.what}, {"times", requests.times}, {"seen", json::array()}};
  for (const auto& seen : requests.seen) {
    json one{{"target", seen.target}};
    if (seen.failure.empty()) {
      one["requests"] = json::object();
      for (const auto& [operation, count] : seen.by_operation) one["requests"][operation] = count;
    } else {
      one["failed"] = seen.failure;
    }
    out["seen"].push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string as_json(const Report& report) {
  json out{{"tool", "sluice bench"},
           {"format", 1},
           {"environment", environment_json(report.environment)},
           {"settings",
            {{"rounds", report.rounds},
             {"runtime_ms", report.runtime.count()},
             {"data_file_bytes", report.data_file_bytes}}},
           {"targets", report.targets},
           {"notes", report.notes},
           {"cells", json::array()},
           {"walk", json::array()},
           {"requests", json::array()}};
  if (report.stopped_by != 0) out["stopped_by_signal"] = report.stopped_by;
  for (const Cell& cell : report.cells) out["cells"].push_back(cell_json(report, cell));
  for (const Footprint& held : report.footprints) out["walk"].push_back(footprint_json(held));
  for (const Requests& one : report.requests) out["requests"].push_back(requests_json(one));
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::bench
