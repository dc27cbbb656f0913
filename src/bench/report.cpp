// SPDX-License-Identifier: MIT
#include "sluice/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::bench {

std::string_view heading(Group group) noexcept {
  constexpr std::array<std::string_view, kGroups.size()> kHeadings{
      "Workloads", "Data", "Names and metadata", "First open of new files", "Walk"};
  return kHeadings[static_cast<std::size_t>(group)];
}

std::optional<Ratio> ratio_of(const Cell& cell, std::size_t index) {
  if (cell.series.empty() || index >= cell.series.size()) return std::nullopt;
  return ratio(cell.unit, cell.series[0].rounds, cell.series[index].rounds);
}

std::optional<std::size_t> explained_column(const Report& report) {
  auto found = std::ranges::find(report.targets, "sluice");
  if (found == report.targets.end()) return std::nullopt;
  return static_cast<std::size_t>(found - report.targets.begin());
}

std::string why(const Cell& cell, const Ratio& ratio) {
  if (ratio.value >= kNativeSpeed) return {};
  if (cell.cause != Cause::none) return std::string{phrase(cell.cause)};
  if (ratio.high >= kNativeSpeed) return "not known; within the noise";
  return "not known";
}

std::string format_ratio(const Ratio& ratio) {
  std::string text = fmt::format("{:.2f}", ratio.value);
  double percent = ratio.value > 0 ? 100 * ratio.half_range() / ratio.value : 0;
  if (percent >= 1.5) text += fmt::format(" ~{:.0f}%", percent);
  return text;
}

std::string format_requests(const std::map<std::string, std::uint64_t>& by_operation) {
  std::string text;
  for (const auto& [operation, count] : by_operation) {
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", count, operation);
  }
  return text.empty() ? "0" : text;
}

}  // namespace sluice::bench
