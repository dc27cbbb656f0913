// SPDX-License-Identifier: MIT
// Private to content: holds a set of rules against a whole file: its bytes as they are, and what is
// inside of it if it is a container. Small files are looked at in one piece; large ones window by
// window, where they have data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/content/findings.h"
#include "sluice/content/input.h"
#include "sluice/inspect/containers.h"
#include "sluice/inspect/scan.h"

namespace sluice::content {

// A file that is longer is scanned by windows.
inline constexpr std::uint64_t kLongestPiece = std::uint64_t{64} << 20;

struct TextScan {
  Outcome outcome = Outcome::whole;
  std::string why{};
  inspect::Hits hits{};                   // in the file's own bytes
  std::vector<inspect::Inside> inside{};  // of a container

  // The first reason stays.
  void fail(std::string reason);
};

// Never throws. Whatever was found stands in the result, also where not all could be looked at.
TextScan scan_text(inspect::Scanner& scanner, const Input& file, std::string_view path) noexcept;

}  // namespace sluice::content
