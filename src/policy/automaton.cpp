// SPDX-License-Identifier: MIT
#include "sluice/policy/automaton.h"

#include <algorithm>
#include <utility>

namespace sluice::policy {

void Automaton::add_unit(std::span<const GlobIn> globs, bool everywhere) {
  const auto unit = static_cast<std::uint32_t>(unit_has_minus_.size());
  bool minus = false;
  std::uint32_t index = 0;
  for (const GlobIn& in : globs) {
    minus |= in.subtracts;
    const auto glob = static_cast<std::uint32_t>(glob_.size());
    glob_.push_back({unit, index++, in.subtracts, in.glob->directory_only});
    const auto& components = in.glob->components;
    for (std::size_t i = 0; i < components.size(); ++i) {
      const auto item = static_cast<std::uint32_t>(item_.size());
      const bool stays = components[i].globstar_before;
      item_.push_back({names_.add(components[i].name), glob, stays, i + 1 == components.size()});
      if (i == 0 && !stays) from_root_.push_back(item);
      if (i == 0 && stays) always_.push_back(item);
    }
  }
  unit_has_minus_.push_back(minus ? 1 : 0);
  if (everywhere) everywhere_.push_back(unit);
}

bool Automaton::freeze() {
  if (!names_.freeze()) return false;
  std::ranges::sort(always_, {}, [&](std::uint32_t item) {
    return std::pair{item_[item].pattern, item};
  });
  always_begin_.assign(names_.size() + 1, 0);
  for (const std::uint32_t item : always_) {
    ++always_begin_[static_cast<std::size_t>(item_[item].pattern) + 1];
  }
  for (std::size_t i = 1; i < always_begin_.size(); ++i) always_begin_[i] += always_begin_[i - 1];
  return true;
}

PathState Automaton::start() const {
  PathState state;
  for (const std::uint32_t unit : everywhere_) state.units.push_back(unit * 2);
  for (const std::uint32_t item : from_root_) {
    const GlobInfo& glob = glob_[item_[item].glob];
    const bool matched = std::ranges::binary_search(everywhere_, glob.unit);
    if (!is_decided(matched ? 1 : 0, glob)) state.items.push_back(item);
  }
  return state;
}

void Automaton::fire(std::uint32_t index, Scratch& scratch) const {
  const Item& item = item_[index];
  const GlobInfo& glob = glob_[item.glob];
  if (is_decided(scratch.unit[glob.unit], glob)) return;
  if (!item.last) {
    scratch.items.push_back(index + 1);
  } else {
    (glob.directory_only ? scratch.directory_hits : scratch.hits).push_back(item.glob);
  }
}

// Brings what the hits decide into `units` and the scratch. Patterns that subtract come first.
bool Automaton::apply(std::span<const std::uint32_t> hits, Scratch& scratch,
                      UnitStates& units) const {
  const std::size_t before = units.size();
  bool changed = false;
  for (const bool subtracts : {true, false}) {
    for (const std::uint32_t hit : hits) {
      const GlobInfo& glob = glob_[hit];
      std::uint8_t& known = scratch.unit[glob.unit];
      if (glob.subtracts != subtracts || known == 2 || (known == 1 && !subtracts)) continue;
      changed = true;
      if (known == 1) {
        const auto end = units.begin() + static_cast<std::ptrdiff_t>(before);
        const auto at = std::lower_bound(units.begin(), end, glob.unit * 2);
        // What a hit before in this loop has added cannot be matched yet: subtracting comes first.
        if (at != end) *at = glob.unit * 2 + 1;
      } else {
        units.push_back(glob.unit * 2 + (subtracts ? 1 : 0));
      }
      known = subtracts ? 2 : 1;
    }
  }
  if (units.size() != before) std::ranges::sort(units);
  return changed;
}

// Takes over the items that can still decide something: not those of decided units, nor those of a
// pattern that has passed a later globstar, which from there reaches all that they could.
void Automaton::keep_items(Scratch& scratch, std::vector<std::uint32_t>& items) const {
  std::ranges::sort(scratch.items);
  items.clear();
  const std::vector<std::uint32_t>& all = scratch.items;
  for (std::size_t end = all.size(); end > 0;) {
    const std::uint32_t glob = item_[all[end - 1]].glob;
    const bool decided = is_decided(scratch.unit[glob_[glob].unit], glob_[glob]);
    bool covered = decided;
    for (; end > 0 && item_[all[end - 1]].glob == glob; --end) {
      const std::uint32_t item = all[end - 1];
      if (covered || (!items.empty() && items.back() == item)) continue;
      items.push_back(item);
      covered = item_[item].stays;
    }
  }
  std::ranges::reverse(items);
}

void Automaton::step(const PathState& from, std::span<const PatternId> patterns, Scratch& scratch,
                     Next& next, std::vector<Hit>* hits) const {
  scratch.unit.resize(units());
  scratch.pattern.resize(names_.size());
  if (++scratch.step == 0) {
    std::ranges::fill(scratch.pattern, 0);
    scratch.step = 1;
  }
  scratch.items.clear();
  scratch.hits.clear();
  scratch.directory_hits.clear();
  for (const std::uint32_t state : from.units)
    scratch.unit[unit_of(state)] = is_matched(state) ? 1 : 2;

  const auto begin_pattern = [&](PatternId id) {
    const auto index = static_cast<std::size_t>(id);
    if (scratch.pattern[index] == scratch.step) return;
    scratch.pattern[index] = scratch.step;
    for (std::uint32_t i = always_begin_[index]; i < always_begin_[index + 1]; ++i)
      fire(always_[i], scratch);
  };
  begin_pattern(kAnyName);
  for (const PatternId id : patterns) begin_pattern(id);
  for (const std::uint32_t index : from.items) {
    if (item_[index].stays) scratch.items.push_back(index);
    const auto pattern = static_cast<std::size_t>(item_[index].pattern);
    if (scratch.pattern[pattern] == scratch.step) fire(index, scratch);
  }

  next.other = from.units;
  next.other_changed = apply(scratch.hits, scratch, next.other);
  // Hits of directories-only patterns come on top; where both kinds hit, subtracting must win.
  next.directory.units = next.other;
  next.directory_changed =
      apply(scratch.directory_hits, scratch, next.directory.units) || next.other_changed;
  keep_items(scratch, next.directory.items);
  for (const std::uint32_t state : next.directory.units) scratch.unit[unit_of(state)] = 0;

  if (hits == nullptr) return;
  for (const auto* list : {&scratch.hits, &scratch.directory_hits}) {
    for (const std::uint32_t hit : *list) {
      const GlobInfo& glob = glob_[hit];
      hits->push_back({glob.unit, glob.index, glob.directory_only});
    }
  }
}

bool Automaton::is_settled(const PathState& state) const noexcept {
  if (!state.items.empty()) return false;
  const auto decided = [&](std::uint32_t item) {
    const GlobInfo& glob = glob_[item_[item].glob];
    const auto at = std::ranges::lower_bound(state.units, glob.unit * 2);
    if (at == state.units.end() || unit_of(*at) != glob.unit) return false;
    return is_decided(is_matched(*at) ? 1 : 2, glob);
  };
  return std::ranges::all_of(always_, decided);
}

}  // namespace sluice::policy
