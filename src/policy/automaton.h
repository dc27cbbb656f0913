// SPDX-License-Identifier: MIT
// The patterns of many units (a unit is a rule's, or an assertion's, set of paths) as one
// nondeterministic automaton over the names of a path; no state of its own.
//
// An *item* is a pattern's next component: it waits for a name. Items that a globstar precedes stay
// when a name has passed. Those that stay from the root on (most patterns have no slash) are not
// written down in states. A unit is *decided* once nothing below can change it; its items go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/policy/glob.h"
#include "sluice/policy/name_set.h"

namespace sluice::policy {

// What is known of units: `unit * 2` for one that has matched, `unit * 2 + 1` for one that a
// pattern that subtracts has taken out. Ascending; units of which nothing is known are absent.
using UnitStates = std::vector<std::uint32_t>;
constexpr std::uint32_t unit_of(std::uint32_t state) noexcept { return state / 2; }
constexpr bool is_matched(std::uint32_t state) noexcept { return state % 2 == 0; }

// Where a path has got to: what has matched, and the items under way, ascending.
struct PathState {
  UnitStates units;
  std::vector<std::uint32_t> items;
  friend bool operator==(const PathState&, const PathState&) = default;
};

// A pattern that decided something in a step; for traces.
struct Hit {
  std::uint32_t unit;
  std::uint32_t glob;  // its index among the unit's globs
  bool directory_only;
};

class Automaton {
 public:
  struct GlobIn {
    const Glob* glob;
    bool subtracts;
  };

  // Adds a unit with these patterns; `everywhere` has it match from the root on. Units count from
  // 0.
  void add_unit(std::span<const GlobIn> globs, bool everywhere);
  // Builds the tables; false if there are too many patterns.
  bool freeze();

  const NameSet& names() const noexcept { return names_; }
  std::size_t units() const noexcept { return unit_has_minus_.size(); }
  std::size_t items() const noexcept { return item_.size(); }

  PathState start() const;

  // Room for step(), kept between calls; not to be shared by threads.
  struct Scratch {
    std::vector<std::uint8_t> unit;      // by unit: 0 nothing, 1 matched, 2 taken out
    std::vector<std::uint32_t> pattern;  // by pattern: the step in which it was last in the name
    std::uint32_t step = 0;
    std::vector<std::uint32_t> items;
    std::vector<std::uint32_t> hits, directory_hits;  // globs
  };
  struct Next {
    PathState directory;
    UnitStates other;
    bool directory_changed = false;  // its units differ from the state's before
    bool other_changed = false;
  };
  // Takes one step with a name that matches exactly `patterns` (kAnyName need not be among them).
  // hits  if not null, gets the patterns that took part.
  void step(const PathState& from, std::span<const PatternId> patterns, Scratch& scratch,
            Next& next, std::vector<Hit>* hits = nullptr) const;

  // Tells whether nothing below can change what is known of any unit.
  bool is_settled(const PathState& state) const noexcept;

 private:
  struct Item {
    PatternId pattern;
    std::uint32_t glob;
    bool stays;
    bool last;
  };
  struct GlobInfo {
    std::uint32_t unit;
    std::uint32_t index;  // among the unit's
    bool subtracts;
    bool directory_only;
  };

  bool is_decided(std::uint8_t state, const GlobInfo& glob) const noexcept {
    return state == 2 || (state == 1 && (!glob.subtracts || !unit_has_minus_[glob.unit]));
  }
  void fire(std::uint32_t item, Scratch& scratch) const;
  bool apply(std::span<const std::uint32_t> hits, Scratch& scratch, UnitStates& units) const;
  void keep_items(Scratch& scratch, std::vector<std::uint32_t>& items) const;

  NameSet names_;
  std::vector<Item> item_;
  std::vector<GlobInfo> glob_;
  std::vector<std::uint8_t> unit_has_minus_;
  std::vector<std::uint32_t> everywhere_;
  std::vector<std::uint32_t> from_root_;              // items that wait at the root only
  std::vector<std::uint32_t> always_begin_, always_;  // items that wait everywhere, by pattern
};

}  // namespace sluice::policy
