// SPDX-License-Identifier: MIT
// Manifests: which bytes of which files are to be redacted, listed by whoever made the files.
//
//   path <tab> offset <tab> length <newline>
//
// The path may hold any bytes but newline (a tab, too: the last two tabs of a line separate), and
// is relative to the mounted root. Numbers are decimal. Empty lines and lines that begin with `#`
// are passed over; write `./#x` for a path that begins so. `./` at a path's beginning is dropped.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/inspect/redaction.h"

namespace sluice::inspect {

class Manifest {
 public:
  // errors  "file:line: what is wrong", for the first line that is: not three fields, a number that
  //         is none or too large, an empty range, a path that is empty, absolute or has `..` in it.
  static Result<Manifest, Error> read(std::string_view file, std::string_view text);

  // Gives the ranges of one file, sorted and merged; none if it is not listed.
  std::span<const Range> ranges(std::string_view path) const noexcept;
  std::size_t files() const noexcept { return ranges_.size(); }
  // Calls `use(path, ranges)` for each file, sorted.
  template <class Use>
  void each(Use use) const {
    for (const auto& [path, ranges] : ranges_) use(path, std::span<const Range>{ranges});
  }

  // Adds the ranges of one file, filled with `fill`. A range that does not lie within the file is
  // cut at its end: what was listed is hidden however much of it there is.
  Added redact(std::string_view path, std::byte fill, Redaction& out) const;

 private:
  std::map<std::string, std::vector<Range>, std::less<>> ranges_;
};

}  // namespace sluice::inspect
