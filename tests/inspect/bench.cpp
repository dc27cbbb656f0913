// SPDX-License-Identifier: MIT
// Prints how fast files are scanned: bench_inspect TREE [RULES]. TREE is a file or a folder; RULES
// a file in gitleaks' format. Our own detectors are measured as well. Nothing is asserted.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sluice/inspect/builtin.h"
#include "sluice/inspect/gitleaks.h"
#include "sluice/inspect/scan.h"

namespace sluice::inspect {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uintmax_t kMost = std::uintmax_t{400} << 20;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string bytes_at(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

struct File {
  std::string path;
  std::string text;
};

std::vector<File> files_of(const std::filesystem::path& tree) {
  if (!std::filesystem::is_directory(tree)) return {{tree.filename(), bytes_at(tree)}};
  std::vector<File> files;
  std::uintmax_t all = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{tree}) {
    if (!entry.is_regular_file() || entry.is_symlink() || all > kMost) continue;
    files.push_back({std::filesystem::relative(entry.path(), tree), bytes_at(entry.path())});
    all += files.back().text.size();
  }
  return files;
}

void measure(const char* what, RuleSet rules, const std::vector<File>& files) {
  auto begin = Clock::now();
  std::vector<RuleSet> sets;
  sets.push_back(std::move(rules));
  const auto detectors = Detectors::compile(sets);
  if (!detectors) return fmt::print("{}: {}\n", what, detectors.error().line());
  const double compile = seconds_since(begin);
  const auto saved = detectors->save();
  begin = Clock::now();
  const auto again = Detectors::compile(std::move(sets), saved);
  const double restore = seconds_since(begin);
  Scanner scanner{*detectors};
  std::vector<double> rates;
  std::size_t hits_of_all = 0, bytes = 0, not_whole = 0;
  for (int i = 0; i < 5; ++i) {
    hits_of_all = bytes = not_whole = 0;
    begin = Clock::now();
    for (const File& file : files) {
      Budget budget{std::uint64_t{1} << 40, std::uint64_t{1} << 40};
      Hits hits;
      if (scanner.scan({bytes_of(std::string_view{file.text}), file.path}, budget, hits) !=
          Scanned::whole)
        ++not_whole;
      hits_of_all += hits.size();
      bytes += file.text.size();
    }
    rates.push_back(static_cast<double>(bytes) / 1e6 / seconds_since(begin));
  }
  std::ranges::sort(rates);
  fmt::print(
      "{}: {} detectors, {} unbounded, {} slow; compiled in {:.2f} s, restored in {:.2f} s ({} "
      "KiB)\n",
      what, detectors->size(), detectors->unbounded().size(), detectors->slow().size(), compile,
      restore, saved.size() / 1024);
  fmt::print("  {} files, {:.1f} MB: {:.0f} MB/s median, {:.0f} to {:.0f}; {} hits, {} not whole\n",
             files.size(), static_cast<double>(bytes) / 1e6, rates[2], rates.front(), rates.back(),
             hits_of_all, not_whole);
}

}  // namespace
}  // namespace sluice::inspect

int main(int argc, char** argv) {
  using namespace sluice::inspect;
  if (argc < 2) {
    fmt::print("bench_inspect TREE [RULES]\n");
    return 2;
  }
  const auto files = files_of(argv[1]);
  measure("builtin", builtin_rules(), files);
  if (argc < 3) return 0;
  auto read = read_gitleaks({argv[2], bytes_at(argv[2]), "gitleaks", {}});
  if (!read) {
    for (const auto& error : read.error()) fmt::print("{}\n", error.line());
    return 1;
  }
  measure("gitleaks", std::move(read->rules), files);
}
