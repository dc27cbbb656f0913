// SPDX-License-Identifier: MIT
#include "sluice/inspect/windows.h"

#include <algorithm>
#include <new>
#include <vector>

namespace sluice::inspect {
namespace {

// What a regex may look at beside its match, and a half character.
constexpr std::uint64_t kContext = 16;

std::uint64_t count_lines(Bytes text) noexcept {
  return static_cast<std::uint64_t>(std::ranges::count(text, std::byte{'\n'}));
}

Scanned scan_windows(Scanner& scanner, const Source& file, std::string_view path, Budget& budget,
                     Hits& hits, std::uint64_t length) {
  const std::uint64_t overlap = overlap_of(scanner.detectors());
  std::vector<std::byte> window;
  std::uint64_t offset = 0, line = 1;
  for (;;) {
    window.resize(std::min(length, file.size() - offset));
    if (!file.read(offset, window)) return Scanned::failed;
    const Scanned scanned = scanner.scan({window, path, offset, line}, budget, hits);
    if (scanned != Scanned::whole) return scanned;
    if (offset + window.size() == file.size()) break;
    const std::uint64_t step = length - overlap;
    line += count_lines(Bytes{window}.first(step));
    offset += step;
  }
  hits.settle();
  return Scanned::whole;
}

bool touch(Range a, Range b) noexcept { return a.offset < b.end() && b.offset < a.end(); }

}  // namespace

std::uint64_t overlap_of(const Detectors& detectors) noexcept {
  // A wide character takes two bytes.
  return std::min(detectors.reach(), Scanner::kLongestPiece / 8) * 2 + kContext;
}

Scanned scan_source(Scanner& scanner, const Source& file, std::string_view path, Budget& budget,
                    Hits& hits, const Windows& windows) noexcept try {
  const std::uint64_t least = overlap_of(scanner.detectors()) * 2;
  const std::uint64_t length =
      std::clamp<std::uint64_t>(windows.length, least, Scanner::kLongestPiece);
  return scan_windows(scanner, file, path, budget, hits, length);
} catch (const std::bad_alloc&) {
  return Scanned::failed;
}

Scanned scan_range(Scanner& scanner, const Source& file, std::string_view path, Range range,
                   Budget& budget, Hits& hits) noexcept try {
  if (range.offset >= file.size() || range.length == 0) return Scanned::whole;
  range.length = std::min(range.length, file.size() - range.offset);
  const std::uint64_t overlap = overlap_of(scanner.detectors());
  const std::uint64_t begin = range.offset > overlap ? range.offset - overlap : 0;
  const std::uint64_t end = std::min(file.size(), range.end() + std::min(overlap, file.size()));
  if (end - begin > Scanner::kLongestPiece) return Scanned::failed;
  std::vector<std::byte> text(end - begin);
  if (!file.read(begin, text)) return Scanned::failed;
  Hits all;
  const Scanned scanned = scanner.scan({text, path, begin, 0}, budget, all);
  for (const Hit& hit : all.all()) {
    if (touch(hit.secret, range)) hits.add(hit);
  }
  if (all.overflowed()) hits.overflow();
  return scanned;
} catch (const std::bad_alloc&) {
  return Scanned::failed;
}

}  // namespace sluice::inspect
