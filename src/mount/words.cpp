// SPDX-License-Identifier: MIT
// Optimal string alignment distance over three rows of fixed size: nothing to allocate, and a
// word of any length costs a bounded time.
#include "sluice/mount/words.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice::mount {
namespace {

constexpr std::size_t kLongest = 32;
using Row = std::array<std::size_t, kLongest + 1>;

std::size_t edits_between(std::string_view a, std::string_view b) noexcept {
  Row before_last{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) noexcept {
  if (word.empty() || word.size() > kLongest) return {};
  // A short word has many neighbours that were not meant: two edits make `ro` of `foo`.
  std::size_t least = 1 + (word.size() < 5 ? 1u : word.size() < 8 ? 2u : 3u);
  std::string_view best;
  for (std::string_view candidate : known) {
    if (candidate.size() > kLongest) continue;
    const std::size_t edits = edits_between(word, candidate);
    if (edits >= least || edits >= candidate.size()) continue;
    least = edits;
    best = candidate;
  }
  return best;
}

}  // namespace sluice::mount
