// SPDX-License-Identifier: MIT
#include "sluice/bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sluice/bench/quote.h"

namespace sluice::bench {
namespace {

constexpr std::size_t kLineWidth = 100;

// Appends `text` in lines of at most kLineWidth, all but the first indented by `indent`.
void append_wrapped(std::string& out, std::string_view first, std::string_view text) {
  std::string line{first};
  std::string indent(first.size(), ' ');
  bool fresh = true;
  while (!text.empty()) {
    std::size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (!fresh && line.size() + 1 + word.size() > kLineWidth) {
      out += line + "\n";
      line = indent;
      fresh = true;
    }
    if (!fresh) line += ' ';
    line += word;
    fresh = false;
  }
  out += line + "\n";
}

void append_row(std::string& out, const Table& table, const std::vector<std::size_t>& widths,
                const auto& text_at) {
  std::string line;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) line += "  ";
    std::string_view text = text_at(i);
    line += table.columns[i].align == Align::right ? fmt::format("{:>{}}", text, widths[i])
                                                   : fmt::format("{:<{}}", text, widths[i]);
  }
  line.resize(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

std::string series_text(const Cell& cell, std::size_t index) {
  if (index >= cell.series.size()) return "-";
  const Series& series = cell.series[index];
  if (series.missing == Missing::skipped) return "skipped";
  if (series.missing == Missing::failed) return "failed";
  if (index == 0) return format_value(cell.unit, median(series.rounds));
  auto found = ratio_of(cell, index);
  return found ? format_ratio(*found) : "-";
}

void add_note(Table& table, std::string note) {
  if (std::ranges::find(table.notes, note) == table.notes.end())
    table.notes.push_back(std::move(note));
}

void add_missing(Table& table, const Cell& cell) {
  for (const Series& series : cell.series) {
    if (series.missing == Missing::nothing) continue;
    std::string_view how = series.missing == Missing::skipped ? "skipped" : "failed";
    add_note(table, fmt::format("{}, {}: {}: {}", cell.name, series.target, how, series.reason));
  }
}

Table cell_table(const Report& report, Group group) {
  Table table{.title = std::string{heading(group)}, .columns = {{"", Align::left}}};
  for (const std::string& target : report.targets) table.columns.push_back({target, Align::right});
  auto explained = explained_column(report);
  bool any_why = false;
  for (const Cell& cell : report.cells) {
    if (cell.group != group) continue;
    std::vector<std::string> row{cell.name};
    for (std::size_t i = 0; i < report.targets.size(); ++i) row.push_back(series_text(cell, i));
    auto found = explained ? ratio_of(cell, *explained) : std::nullopt;
    row.push_back(found ? why(cell, *found) : "");
    if (!row.back().empty()) {
      any_why = true;
      if (cell.cause != Cause::none) {
        add_note(table, fmt::format("{}: {}", phrase(cell.cause), explanation(cell.cause)));
      }
    }
    table.rows.push_back(std::move(row));
  }
  for (const Cell& cell : report.cells) {
    if (cell.group == group) add_missing(table, cell);
  }
  if (any_why) {
    table.columns.push_back({fmt::format("below {:g} because", kNativeSpeed), Align::left});
  } else {
    for (auto& row : table.rows) row.pop_back();
  }
  return table;
}

}  // namespace

Table footprint_table(const Report& report) {
  Table table{.title = "Held after the walk",
              .columns = {{"", Align::left},
                          {"files", Align::right},
                          {"descriptors", Align::right},
                          {"nodes", Align::right},
                          {"bytes per node", Align::right}}};
  auto number = [](const std::optional<std::uint64_t>& value) {
    return value ? std::to_string(*value) : std::string{"-"};
  };
  for (const Footprint& held : report.footprints) {
    std::string per_node = "-";
    if (held.node_bytes && held.nodes && *held.nodes > 0) {
      double bytes = static_cast<double>(*held.node_bytes) / static_cast<double>(*held.nodes);
      per_node = fmt::format("{:.1f}", bytes);
    }
    table.rows.push_back({held.target, std::to_string(held.files), number(held.descriptors),
                          number(held.nodes), per_node});
  }
  return table;
}

Table request_table(const Report& report) {
  Table table{.title = "Requests that reached the daemon",
              .columns = {{"", Align::left}, {"times", Align::right}}};
  if (report.requests.empty()) return table;
  for (const auto& seen : report.requests.front().seen) {
    table.columns.push_back({seen.target, Align::left});
  }
  for (const Requests& requests : report.requests) {
    std::vector<std::string> row{requests.what, std::to_string(requests.times)};
    for (const auto& seen : requests.seen) {
      row.push_back(seen.failure.empty() ? format_requests(seen.by_operation) : "failed");
      if (!seen.failure.empty()) {
        add_note(table, fmt::format("{}, {}: {}", requests.what, seen.target, seen.failure));
      }
    }
    row.resize(table.columns.size());
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<Table> tables_of(const Report& report) {
  std::vector<Table> tables;
  for (Group group : kGroups) {
    tables.push_back(cell_table(report, group));
  }
  tables.push_back(footprint_table(report));
  tables.push_back(request_table(report));
  std::erase_if(tables, [](const Table& table) { return table.rows.empty(); });
  return tables;
}

std::vector<std::string> preamble(const Report& report) {
  const Environment& where = report.environment;
  std::vector<std::string> lines{fmt::format(
      "Lower: {} on {}. Linux {}, {} x {}, {}{}{}. {}.", where.lower_type, where.lower_path,
      where.kernel, where.cpus, where.cpu, format_bytes(static_cast<double>(where.memory_bytes)),
      where.fio.empty() ? "" : ", ", where.fio, where.date)};
  for (const auto& [target, notes] : report.notes) {
    for (const std::string& note : notes) lines.push_back(fmt::format("{}: {}", target, note));
  }
  if (report.stopped_by != 0) {
    lines.push_back(report.cells.empty() ? "Stopped before any cell was measured."
                                         : "Stopped before its end: what follows is a part.");
  }
  if (report.cells.empty()) return lines;
  std::string how = fmt::format("Each cell is the median of {} round{}, all columns in turn",
                                report.rounds, report.rounds == 1 ? "" : "s");
  if (!where.fio.empty()) {
    how += fmt::format("; data moves for {:g} s a round in a file of {}",
                       std::chrono::duration<double>(report.runtime).count(),
                       format_bytes(static_cast<double>(report.data_file_bytes)));
  }
  lines.push_back(how + ".");
  lines.push_back(
      "The columns after lower are speeds in units of its own: 1.00 as fast, 0.50 half as fast; ~ "
      "is "
      "half the range of the rounds.");
  return lines;
}

std::string as_text(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    // The title stands over the first column.
    std::size_t width = i == 0 ? table.title.size() : table.columns[i].heading.size();
    for (const auto& row : table.rows) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  std::string out;
  append_row(out, table, widths, [&](std::size_t i) -> std::string_view {
    return i == 0 ? table.title : table.columns[i].heading;
  });
  std::string rule;
  for (std::size_t width : widths) rule += std::string(width, '-') + "  ";
  out += rule.substr(0, rule.size() - 2) + "\n";
  for (const auto& row : table.rows) {
    append_row(out, table, widths, [&](std::size_t i) -> std::string_view { return row[i]; });
  }
  for (const std::string& note : table.notes) append_wrapped(out, "  * ", note);
  return out;
}

std::string as_markdown(const Table& table) {
  std::string out = "|";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    out += fmt::format(" {} |", markdown_escaped(i == 0 ? table.title : table.columns[i].heading));
  }
  out += "\n|";
  for (const Column& column : table.columns) out += column.align == Align::right ? "--:|" : ":--|";
  out += "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (const std::string& text : row) out += fmt::format(" {} |", markdown_escaped(text));
    out += "\n";
  }
  if (!table.notes.empty()) out += "\n";
  for (const std::string& note : table.notes) out += fmt::format("- {}\n", markdown_escaped(note));
  return out;
}

std::string print(const Report& report, Format format) {
  std::string out;
  for (const std::string& line : preamble(report)) {
    if (format == Format::markdown) {
      out += markdown_escaped(line) + "  \n";
    } else {
      append_wrapped(out, "", line);
    }
  }
  for (const Table& table : tables_of(report)) {
    out += '\n';
    out += format == Format::markdown ? as_markdown(table) : as_text(table);
  }
  return out;
}

}  // namespace sluice::bench
