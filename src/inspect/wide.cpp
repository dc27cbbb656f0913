// SPDX-License-Identifier: MIT
#include "sluice/inspect/wide.h"

#include <algorithm>

namespace sluice::inspect {
namespace {

constexpr char kJoint = '\xff';

bool is_character(char c) noexcept {
  return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
}

// Gives how many characters stand at every other byte from `at` on, zeros between them.
std::size_t run_length(std::string_view text, std::size_t at) noexcept {
  std::size_t length = 0;
  while (at < text.size() && is_character(text[at])) {
    ++length;
    if (at + 1 >= text.size() || text[at + 1] != '\0') break;
    at += 2;
  }
  return length;
}

}  // namespace

Range Wide::source_of(std::size_t begin, std::size_t end) const noexcept {
  const auto place = [this](std::size_t at) -> std::uint64_t {
    auto run = std::ranges::upper_bound(runs, at, {}, &Run::narrow);
    if (run == runs.begin()) return 0;
    --run;
    return run->source + 2 * (at - run->narrow);
  };
  if (end <= begin) return {place(begin), 0};
  const std::uint64_t first = place(begin);
  return {first, place(end - 1) + 1 - first};
}

Wide wide_runs(std::string_view text) {
  Wide wide;
  std::size_t at = 0;
  for (;;) {
    // A run has a zero behind its first character; one before it is its neighbour's, or none's.
    const std::size_t zero = text.find('\0', at);
    if (zero == text.npos) return wide;
    if (zero == at || !is_character(text[zero - 1])) {
      at = zero + 1;
      continue;
    }
    const std::size_t length = run_length(text, zero - 1);
    if (length < kShortestRun) {
      at = zero + 1;
      continue;
    }
    if (!wide.narrow.empty()) wide.narrow += kJoint;
    wide.runs.push_back({wide.narrow.size(), zero - 1});
    for (std::size_t i = 0; i < length; ++i) wide.narrow += text[zero - 1 + 2 * i];
    at = zero - 1 + 2 * length;
  }
}

}  // namespace sluice::inspect
