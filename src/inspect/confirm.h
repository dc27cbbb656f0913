// SPDX-License-Identifier: MIT
// From places where a rule's regex may match to findings: the exact match, then all that else the
// rule asks for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sluice/inspect/budget.h"
#include "sluice/inspect/compiled.h"
#include "sluice/inspect/scan.h"

namespace sluice::inspect {

// Where matches of one rule may be, as the database told it.
struct Candidates {
  struct Window {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  std::vector<Window> windows;      // of a rule whose matches have a longest: sorted, apart
  std::vector<std::uint64_t> ends;  // of one whose matches have none: sorted
  bool everywhere = false;          // all of the text has to be tried

  bool any() const noexcept { return everywhere || !windows.empty() || !ends.empty(); }
  void add(std::uint64_t end, std::uint64_t widest);
  void clear() noexcept;
};

struct Found {
  std::uint32_t rule = 0;
  Candidates::Window match;
  Candidates::Window secret;
  std::uint64_t line = 0;
  std::uint64_t column = 0;
  Width width = Width::bytes;
  bool keyword = true;  // false: only there to be required by another rule
};

// What is scanned, and by what.
struct Subject {
  const Compiled& compiled;
  std::string_view text;
  std::string_view path;
  AllowComments comments = AllowComments::ignored;
};

// Adds what `rule` (by its number) finds. errors: exhausted, too_many above `most` in `found`.
Scanned confirm(const Subject& subject, std::uint32_t rule, const Candidates& candidates,
                Budget& budget, std::size_t most, std::vector<Found>& found);

// Tells whether a rule is about the path at all, allowlists considered.
bool applies_to_path(const Compiled& compiled, const CompiledRule& rule,
                     std::string_view path);

}  // namespace sluice::inspect
