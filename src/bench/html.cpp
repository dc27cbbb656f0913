// SPDX-License-Identifier: MIT
// Each ratio is a bar on a scale that is the same in the whole page; the thin line in it is the
// lower file system's speed, the whisker is the range of the rounds.
#include "sluice/bench/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/bench/quote.h"
#include "sluice/bench/table.h"

namespace sluice::bench {
namespace {

// One pixel of a bar is a hundredth of the lower file system's speed; longer bars are cut.
constexpr double kScale = 100;
constexpr double kBarWidth = 125;
constexpr int kBarHeight = 16;

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sluice bench</title>
<style>
:root { color-scheme: light dark; --ink: #1c2024; --dim: #60646c; --paper: #fcfcfd; --line: #e0e1e6;
  --native: #2b8a6e; --slower: #c77d1a; --slow: #b4453f; --mark: #1c2024; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef1; --dim: #a3a8b1; --paper: #15171a;
  --line: #33373d; --native: #45b894; --slower: #e0a04a; --slow: #e0716a; --mark: #eceef1; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, li { color: var(--dim); margin: .2rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--dim); }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.why { color: var(--dim); white-space: normal; }
td.number, th.number { text-align: right; }
svg { vertical-align: middle; margin-right: .5rem; }
.native { fill: var(--native); } .slower { fill: var(--slower); } .slow { fill: var(--slow); }
.mark { stroke: var(--mark); stroke-width: 1; }
.range { stroke: var(--mark); stroke-width: 2; opacity: .6; }
</style>
</head>
<body>
<h1>Sluice beside the lower file system</h1>
)";

std::string_view colour(double value) {
  if (value >= kNativeSpeed) return "native";
  return value >= 0.5 ? "slower" : "slow";
}

double on_scale(double value) { return std::clamp(value * kScale, 0.0, kBarWidth); }

std::string bar(const Ratio& ratio) {
  return fmt::format(
      "<svg width=\"{0:.0f}\" height=\"{1}\" role=\"img\" aria-label=\"{2:.2f} of lower\">"
      "<rect class=\"{3}\" x=\"0\" y=\"3\" width=\"{4:.1f}\" height=\"10\" rx=\"2\"/>"
      "<line class=\"range\" x1=\"{5:.1f}\" x2=\"{6:.1f}\" y1=\"8\" y2=\"8\"/>"
      "<line class=\"mark\" x1=\"{7:.0f}\" x2=\"{7:.0f}\" y1=\"0\" y2=\"{1}\"/></svg>",
      kBarWidth, kBarHeight, ratio.value, colour(ratio.value), on_scale(ratio.value),
      on_scale(ratio.low), on_scale(ratio.high), kScale);
}

std::string series_html(const Cell& cell, std::size_t index) {
  const Series& series = cell.series[index];
  if (series.missing != Missing::nothing) {
    return fmt::format("<td title=\"{}\">{}</td>", html_escaped(series.reason),
                       series.missing == Missing::skipped ? "skipped" : "failed");
  }
  std::string value = html_escaped(format_value(cell.unit, median(series.rounds)));
  if (index == 0) return fmt::format("<td class=\"number\">{}</td>", value);
  auto found = ratio_of(cell, index);
  if (!found) return "<td>-</td>";
  return fmt::format("<td title=\"{}; rounds {:.2f} to {:.2f}\">{}{:.2f}</td>", value, found->low,
                     found->high, bar(*found), found->value);
}

std::string cell_rows(const Report& report, Group group) {
  auto explained = explained_column(report);
  std::string rows;
  for (const Cell& cell : report.cells) {
    if (cell.group != group) continue;
    rows += fmt::format("<tr><td>{}</td>", html_escaped(cell.name));
    for (std::size_t i = 0; i < cell.series.size(); ++i) rows += series_html(cell, i);
    auto found = explained ? ratio_of(cell, *explained) : std::nullopt;
    std::string reason = found ? why(cell, *found) : std::string{};
    std::string_view more = reason.empty() ? std::string_view{} : explanation(cell.cause);
    rows += fmt::format("<td class=\"why\" title=\"{}\">{}</td></tr>\n", html_escaped(more),
                        html_escaped(reason));
  }
  return rows;
}

std::string group_html(const Report& report, Group group) {
  std::string rows = cell_rows(report, group);
  if (rows.empty()) return {};
  std::string head = "<th></th>";
  for (std::size_t i = 0; i < report.targets.size(); ++i) {
    head += fmt::format("<th{}>{}</th>", i == 0 ? " class=\"number\"" : "",
                        html_escaped(report.targets[i]));
  }
  return fmt::format(
      "<h2>{}</h2>\n<div class=\"wide\"><table>\n<tr>{}<th>{}</th></tr>\n{}</table></div>\n",
      html_escaped(heading(group)), head,
      explained_column(report) ? fmt::format("below {:g} because", kNativeSpeed) : std::string{},
      rows);
}

std::string table_html(const Table& table) {
  if (table.rows.empty()) return {};
  auto row_html = [&](char kind, const auto& text_at) {
    std::string row = "<tr>";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      row += fmt::format("<t{0}{1}>{2}</t{0}>", kind,
                         table.columns[i].align == Align::right ? " class=\"number\"" : "",
                         html_escaped(text_at(i)));
    }
    return row + "</tr>\n";
  };
  std::string html = fmt::format(
      "<h2>{}</h2>\n<div class=\"wide\"><table>\n{}", html_escaped(table.title),
      row_html('h', [&](std::size_t i) { return std::string_view{table.columns[i].heading}; }));
  for (const auto& row : table.rows) {
    html += row_html('d', [&](std::size_t i) { return std::string_view{row[i]}; });
  }
  return html + "</table></div>\n";
}

// The sentences that the tables of words have below them, each once.
std::string notes_html(const Report& report) {
  std::string items;
  for (const Table& table : tables_of(report)) {
    for (const std::string& note : table.notes) {
      items += fmt::format("<li>{}</li>\n", html_escaped(note));
    }
  }
  return items.empty() ? items : fmt::format("<h2>Notes</h2>\n<ul>\n{}</ul>\n", items);
}

}  // namespace

std::string as_html(const Report& report) {
  std::string page{kHead};
  for (const std::string& line : preamble(report)) {
    page += fmt::format("<p>{}</p>\n", html_escaped(line));
  }
  for (Group group : kGroups) {
    page += group_html(report, group);
  }
  page += table_html(footprint_table(report));
  page += table_html(request_table(report));
  page += notes_html(report);
  return page + "</body>\n</html>\n";
}

}  // namespace sluice::bench
