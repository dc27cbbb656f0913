// SPDX-License-Identifier: MIT
#include "sluice/inspect/text_redaction.h"

#include <algorithm>
#include <vector>

namespace sluice::inspect {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

bool is_line_end(std::byte b) noexcept { return b == std::byte{'\n'} || b == std::byte{'\r'}; }

// Of UTF-16 only the characters' own bytes are replaced, so that line ends stay whole.
Added cover_wide(Range range, Bytes text, Redaction& out) {
  std::vector<std::byte> covered{text.begin(), text.end()};
  for (std::size_t i = 0; i < covered.size(); i += 2) {
    if (!is_line_end(covered[i])) covered[i] = kTextFill;
  }
  return out.add(range, Bytes{covered});
}

// Calls `use(range, bytes)` for each block of `range`.
template <class Use>
Added each_block(const Source& file, Range range, Use use) {
  if (range.offset > file.size() || range.length > file.size() - range.offset)
    return Added::outside;
  std::vector<std::byte> block;
  while (range.length > 0) {
    block.resize(std::min<std::uint64_t>(range.length, kBlock));
    if (!file.read(range.offset, block)) return Added::outside;
    if (const Added added = use(Range{range.offset, block.size()}, Bytes{block});
        added != Added::yes) {
      return added;
    }
    range = {range.offset + block.size(), range.length - block.size()};
  }
  return Added::yes;
}

}  // namespace

Added cover_lines(Range range, Bytes text, Redaction& out) {
  if (text.size() != range.length) return Added::outside;
  for (std::size_t at = 0; at < text.size();) {
    if (is_line_end(text[at])) {
      ++at;
      continue;
    }
    const auto rest = text.subspan(at);
    const auto length =
        static_cast<std::size_t>(std::ranges::find_if(rest, is_line_end) - rest.begin());
    if (const Added added = out.add({range.offset + at, length}, kTextFill); added != Added::yes)
      return added;
    at += length;
  }
  return Added::yes;
}

Added redact_hits(const Source& file, const Hits& hits, Redaction& out) {
  if (hits.overflowed()) return Added::full;
  for (const Hit& hit : hits.all()) {
    const bool wide = hit.width == Width::wide;
    const Added added = each_block(file, hit.secret, [&](Range range, Bytes text) {
      return wide ? cover_wide(range, text, out) : cover_lines(range, text, out);
    });
    if (added != Added::yes) return added;
  }
  return Added::yes;
}

Added redact_all(const Source& file, Redaction& out) {
  return each_block(file, {0, file.size()},
                    [&](Range range, Bytes text) { return cover_lines(range, text, out); });
}

}  // namespace sluice::inspect
