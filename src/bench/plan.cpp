// SPDX-License-Identifier: MIT
#include "sluice/bench/plan.h"

#include <fmt/format.h>
#include <fnmatch.h>

namespace sluice::bench {
namespace {

using Seconds = std::chrono::duration<double>;

// What a measurement takes beside its runtime: fio's start and end, and the settling before it.
constexpr Seconds kFioBeside{0.5};
constexpr Seconds kBuild{1.5};
constexpr Seconds kCounting{3};
constexpr Seconds kFresh{0.3};
// A first walk through a daemon, per file; the trees and their removal.
constexpr Seconds kWalkedFile{60e-6};

std::string label_of(Group group, std::string_view name) {
  return fmt::format("{}: {}", heading(group), name);
}

}  // namespace

bool chosen(std::string_view label, std::string_view only) {
  if (only.empty()) return true;
  std::string pattern{only};
  if (only.find_first_of("*?[") == std::string_view::npos) {
    std::string literal;
    for (char c : only) {
      if (c == '\\') literal += '\\';
      literal += c;
    }
    pattern = "*" + literal + "*";
  }
  return ::fnmatch(pattern.c_str(), std::string{label}.c_str(), FNM_CASEFOLD) == 0;
}

std::vector<Step> plan(Extent extent, std::string_view only, const Settings& settings,
                       std::size_t targets, Counting counting) {
  std::vector<Step> steps;
  double times = static_cast<double>(targets) * settings.rounds;
  bool build_planned = extent == Extent::quick;
  auto plan_build = [&] {
    build_planned = true;
    steps.push_back({.label = label_of(Group::workloads, "a build"),
                     .expected = times * kBuild,
                     .run = measure_build});
  };
  for (const DataCell& cell : data_cells(extent)) {
    Group group = cell.title.empty() ? Group::data : Group::workloads;
    if (group == Group::data && !build_planned) plan_build();
    steps.push_back({.label = label_of(group, cell.name()),
                     .expected = times * (settings.runtime + kFioBeside),
                     .needs_fio = true,
                     .needs_data_file = true,
                     .run = [cell](Session& session) { return measure_data(session, cell); }});
  }
  for (MetadataOp op : kMetadataOps) {
    steps.push_back({.label = label_of(Group::metadata, name(op)),
                     .expected = times * settings.runtime / 5,
                     .run = [op](Session& session) { return measure_metadata(session, op); }});
  }
  for (const FreshFiles& files : kFreshFiles) {
    if (!settings.contents) break;
    steps.push_back(
        {.label = label_of(Group::contents, files.name()),
         .expected = times * kFresh,
         .run = [files](Session& session) { return measure_first_open(session, files); }});
  }
  steps.push_back({.label = label_of(Group::walk, "find"),
                   .expected = static_cast<double>(targets + 1) * settings.walk_files * kWalkedFile,
                   .run = measure_walk});
  if (counting == Counting::yes) {
    steps.push_back({.label = "Requests: counted", .expected = kCounting, .run = count_requests});
  }
  std::erase_if(steps, [&](const Step& step) { return !chosen(step.label, only); });
  return steps;
}

}  // namespace sluice::bench
