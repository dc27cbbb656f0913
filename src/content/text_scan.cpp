// SPDX-License-Identifier: MIT
#include "sluice/content/text_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>

#include "sluice/content/detection.h"
#include "sluice/inspect/windows.h"

namespace sluice::content {
namespace {

using inspect::Budget;
using inspect::Kind;
using inspect::Opened;
using inspect::Range;
using inspect::Scanned;

constexpr std::size_t kWindow = std::size_t{16} << 20;
constexpr std::uint64_t kSteps = std::uint64_t{1} << 34;
constexpr std::uint64_t kUnpacked = std::uint64_t{1} << 30;

// What can be looked into.
bool is_container(Kind kind) noexcept {
  constexpr std::array kAll{Kind::gzip, Kind::zip, Kind::tar, Kind::zlib, Kind::git_pack};
  return std::ranges::find(kAll, kind) != kAll.end();
}

void take(Scanned scanned, const Input& file, TextScan& scan) {
  switch (scanned) {
    case Scanned::whole: return;
    case Scanned::too_many: return scan.fail("more is found in it than can be kept");
    case Scanned::exhausted: return scan.fail("it asks for more work than is done for one file");
    case Scanned::failed: break;
  }
  scan.fail(file.has_failed() ? "it cannot be read, or became shorter meanwhile"
                              : "there is not enough memory to scan it");
}

// A few texts begin as zlib's streams do: `x^`.
bool may_be_text(Bytes bytes) noexcept {
  return std::ranges::all_of(bytes.first(std::min(bytes.size(), inspect::kMagicLength)),
                             [](std::byte b) {
                               const auto c = std::to_integer<unsigned>(b);
                               return (c >= 0x20 && c != 0x7f) || (c >= '\t' && c <= '\r');
                             });
}

// What stood in the way of looking at all that is inside.
void take(Opened opened, Kind kind, Bytes bytes, TextScan& scan) {
  if (opened == Opened::clean || opened == Opened::none || opened == Opened::found) return;
  // What is not unpacked at all is read as it is; docs/policy.md names it.
  if (!is_container(kind)) return;
  if (kind == Kind::zlib && opened == Opened::malformed && may_be_text(bytes)) return;
  scan.fail(fmt::format("what is inside of this {} cannot be looked at: {}", inspect::name(kind),
                        inspect::name(opened)));
}

void scan_whole(inspect::Scanner& scanner, const Input& file, std::string_view path,
                TextScan& scan) {
  std::vector<std::byte> bytes(file.size());
  if (!file.read(0, bytes)) return take(Scanned::failed, file, scan);
  Budget within{kUnpacked, kSteps};
  inspect::Contents contents = inspect::look_inside(bytes, path, scanner, within);
  take(contents.inside.empty() ? contents.opened : contents.rest, contents.kind, bytes, scan);
  scan.inside = std::move(contents.inside);
  Budget budget{2 * file.size() + kWindow, kSteps};
  const Scanned scanned = bytes.size() <= inspect::Scanner::kLongestPiece
                              ? scanner.scan({bytes, path}, budget, scan.hits)
                              : Scanned::failed;
  take(scanned, file, scan);
}

// Scans one extent, and beyond it what a match may reach into.
Scanned scan_extent(inspect::Scanner& scanner, const Input& file, std::string_view path,
                    Range extent, Budget& budget, inspect::Hits& hits) {
  const std::uint64_t overlap = inspect::overlap_of(scanner.detectors());
  std::uint64_t at = extent.offset - std::min(extent.offset, overlap);
  const std::uint64_t end = std::min(extent.end() + overlap, file.size());
  const std::uint64_t length = std::clamp<std::uint64_t>(2 * overlap, kWindow, kLongestPiece);
  std::vector<std::byte> window;
  for (;;) {
    window.resize(std::min(length, end - at));
    if (!file.read(at, window)) return Scanned::failed;
    const Scanned scanned = scanner.scan({window, path, at, 0}, budget, hits);
    if (scanned != Scanned::whole || at + window.size() == end) return scanned;
    at += length - overlap;
  }
}

bool fits_windows(const inspect::Detectors& detectors) {
  return detectors.unbounded().empty() && inspect::overlap_of(detectors) <= kLongestPiece / 4;
}

void scan_windows(inspect::Scanner& scanner, const Input& file, std::string_view path,
                  TextScan& scan) {
  std::array<std::byte, 1> last{};
  if (!file.read(file.size() - 1, last)) return take(Scanned::failed, file, scan);
  const std::uint64_t overlap = inspect::overlap_of(scanner.detectors());
  const auto extents = file.extents(2 * overlap + kWindow);
  Budget budget{4 * file.size() + kWindow, kSteps};
  if (extents.size() == 1 && extents.front() == Range{0, file.size()}) {
    return take(scan_source(scanner, file, path, budget, scan.hits, {kWindow}), file, scan);
  }
  for (const Range extent : extents) {
    const Scanned scanned = scan_extent(scanner, file, path, extent, budget, scan.hits);
    if (scanned != Scanned::whole) return take(scanned, file, scan);
  }
}

}  // namespace

void TextScan::fail(std::string reason) {
  if (outcome != Outcome::whole) return;
  outcome = Outcome::failed;
  why = std::move(reason);
}

TextScan scan_text(inspect::Scanner& scanner, const Input& file, std::string_view path) noexcept {
  TextScan scan;
  try {
    const Kind kind = inspect::kind_of(file.head(inspect::kMagicLength));
    const bool by_windows = !is_container(kind) && fits_windows(scanner.detectors());
    if (file.size() <= (by_windows ? kLongestPiece : kLargestWhole)) {
      scan_whole(scanner, file, path, scan);
    } else if (is_container(kind)) {
      scan.fail(fmt::format("it is a {} larger than {} MiB, which are not looked into",
                            inspect::name(kind), kLargestWhole >> 20));
    } else if (!by_windows) {
      const auto& unbounded = scanner.detectors().unbounded();
      scan.fail(fmt::format(
          "it is larger than {} MiB, and what `{}` looks for may be of any length",
          kLargestWhole >> 20,
          unbounded.empty() ? "a detector" : scanner.detectors().name(unbounded.front())));
    } else {
      scan_windows(scanner, file, path, scan);
    }
    scan.hits.settle();
  } catch (const std::bad_alloc&) {
    scan.fail("no memory");
  }
  return scan;
}

}  // namespace sluice::content
