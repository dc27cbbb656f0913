// SPDX-License-Identifier: MIT
// The report as tables of words, and the two ways in which stdout shows them.
#pragma once

#include <string>
#include <vector>

#include "sluice/bench/config.h"
#include "sluice/bench/report.h"

namespace sluice::bench {

enum class Align : unsigned char { left, right };

struct Column {
  std::string heading = {};
  Align align = Align::left;
};

struct Table {
  std::string title = {};
  std::vector<Column> columns = {};
  // Each as long as `columns`.
  std::vector<std::vector<std::string>> rows = {};
  // Sentences below it.
  std::vector<std::string> notes = {};
};

// Gives the report's tables, in the order in which they are to be read; empty ones are left out.
std::vector<Table> tables_of(const Report& report);

// Gives the two of them that are no cells; without rows where nothing was counted.
Table footprint_table(const Report& report);
Table request_table(const Report& report);

// Gives the lines above the tables: where it was measured and how to read a ratio.
std::vector<std::string> preamble(const Report& report);

// Gives one table with its columns aligned and no blanks at line ends; sentences wrapped at 100.
std::string as_text(const Table& table);
std::string as_markdown(const Table& table);

// Gives the whole report as stdout shows it.
std::string print(const Report& report, Format format);

}  // namespace sluice::bench
