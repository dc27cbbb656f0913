// SPDX-License-Identifier: MIT
#include "sluice/inspect/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace sluice::inspect {
namespace {

struct Line {
  std::string_view path;
  Range range;
};

std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// Tells what is wrong with a path; null if nothing is.
const char* wrong_path(std::string_view path) noexcept {
  if (path.empty()) return "the path is empty";
  if (path.front() == '/') return "the path must be relative to the mounted root";
  if (path.find('\0') != path.npos) return "the path holds a NUL";
  for (std::string_view rest = path; !rest.empty();) {
    const auto slash = std::min(rest.find('/'), rest.size());
    if (rest.substr(0, slash) == "..") return "the path leads upwards";
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  return nullptr;
}

std::expected<Line, const char*> read_line(std::string_view line) noexcept {
  const auto second = line.rfind('\t');
  const auto first = second == line.npos || second == 0 ? line.npos : line.rfind('\t', second - 1);
  if (first == line.npos) return std::unexpected{"not `path <tab> offset <tab> length`"};
  const auto offset = number_of(line.substr(first + 1, second - first - 1));
  if (!offset) return std::unexpected{"the offset is not a number, or too large"};
  const auto length = number_of(line.substr(second + 1));
  if (!length) return std::unexpected{"the length is not a number, or too large"};
  if (*length == 0) return std::unexpected{"the range is empty"};
  if (*length > std::numeric_limits<std::uint64_t>::max() - *offset) {
    return std::unexpected{"the range ends beyond what a file can have"};
  }
  std::string_view path = line.substr(0, first);
  while (path.starts_with("./")) path.remove_prefix(2);
  if (const char* wrong = wrong_path(path)) return std::unexpected{wrong};
  return Line{path, {*offset, *length}};
}

void merge(std::vector<Range>& ranges) {
  std::ranges::sort(ranges, {}, &Range::offset);
  std::vector<Range> merged;
  for (const Range range : ranges) {
    if (!merged.empty() && range.offset <= merged.back().end()) {
      merged.back().length = std::max(merged.back().end(), range.end()) - merged.back().offset;
    } else {
      merged.push_back(range);
    }
  }
  ranges = std::move(merged);
}

}  // namespace

Result<Manifest, Error> Manifest::read(std::string_view file, std::string_view text) {
  Manifest manifest;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::string_view all = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(all.size() + 1, text.size()));
    if (all.empty() || all.front() == '#') continue;
    const auto line = read_line(all);
    if (!line) return fail(Error{fmt::format("{}:{}: {}", file, number, line.error()), EINVAL});
    auto ranges = manifest.ranges_.find(line->path);
    if (ranges == manifest.ranges_.end()) {
      ranges = manifest.ranges_.emplace(std::string{line->path}, std::vector<Range>{}).first;
    }
    ranges->second.push_back(line->range);
  }
  for (auto& [path, ranges] : manifest.ranges_) merge(ranges);
  return manifest;
}

std::span<const Range> Manifest::ranges(std::string_view path) const noexcept {
  const auto found = ranges_.find(path);
  return found == ranges_.end() ? std::span<const Range>{} : std::span<const Range>{found->second};
}

Added Manifest::redact(std::string_view path, std::byte fill, Redaction& out) const {
  for (Range range : ranges(path)) {
    if (range.offset >= out.file_size()) break;
    range.length = std::min(range.length, out.file_size() - range.offset);
    if (const Added added = out.add(range, fill); added != Added::yes) return added;
  }
  return Added::yes;
}

}  // namespace sluice::inspect
