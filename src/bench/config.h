// SPDX-License-Identifier: MIT
// What a person asks of `sluice bench`, already parsed. Empty and absent mean "the default".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sluice::bench {

// How much is measured: a table for a demonstration, about 30 named cells, or the cross product
// of every pattern, size, engine and cache state (some twenty minutes).
enum class Extent { quick, standard, full };

// What stdout gets.
enum class Format { text, markdown };

struct Config {
  // The `sluice` command; empty measures the lower directory and the peers alone.
  std::string sluice_program = {};
  // Shell commands that mount {src} on {mnt}; both stand in each, and are quoted when replaced.
  std::vector<std::string> peers = {};
  // Policies, as files or presets, each of which gets a column of its own...
  std::vector<std::string> policies = {};
  // ...for this subject of it; empty for anyone.
  std::string subject = {};
  // Numbers of rules; for each, a policy of as many that match nothing gets a column.
  std::vector<unsigned> rules = {};
  // A column more, of a mount that shows the data file redacted and looks into all others; and how
  // long the first open of new files takes.
  bool contents = false;
  // A new directory is made in here, used, and removed again; empty is /var/tmp, which is a disk.
  std::string directory = {};
  // Files for the whole record and for the page; empty for none.
  std::string json_path = {};
  std::string html_path = {};
  // Only cells whose "group: name" has this in it, or matches it where it has `*`, `?` or `[`.
  std::string only = {};
  Extent extent = Extent::standard;
  Format format = Format::text;
  // How long one fio run lasts, and how often the targets take their turns (rounds).
  std::optional<std::chrono::milliseconds> runtime = {};
  std::optional<int> repeat = {};
};

}  // namespace sluice::bench
