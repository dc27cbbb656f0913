// SPDX-License-Identifier: MIT
// The engine's quieter half: facts about places, joined subjects, traces, what is saved.
#include <algorithm>
#include <functional>
#include <utility>

#include "sluice/policy/engine.h"

namespace sluice::policy {

bool Program::Engine::differs(Place place) noexcept {
  std::atomic<std::uint8_t>* kept = nullptr;
  {
    const Gate::Inside inside = gate_.enter();
    const PlaceTable::Slot* slot = places_->find(place);
    if (slot != nullptr) kept = &slot->units.load(std::memory_order_acquire)->differs;
    if (kept != nullptr && kept->load(std::memory_order_relaxed) != 0) {
      return kept->load(std::memory_order_relaxed) == 2;
    }
  }
  const GrantId first = terms(place, kAnyone).id;
  bool differs = false;
  for (std::size_t i = 0; i < document_.subjects.size() && !differs; ++i) {
    differs = terms(place, static_cast<SubjectIndex>(i + kFirstSubject)).id != first;
  }
  const Gate::Inside inside = gate_.enter();
  if (const PlaceTable::Slot* slot = places_->find(place)) {
    const auto known = static_cast<std::uint8_t>(differs ? 2 : 1);
    slot->units.load(std::memory_order_acquire)->differs.store(known, std::memory_order_relaxed);
  }
  return differs;
}

bool Program::Engine::settled(Place place) noexcept {
  const Gate::Inside inside = gate_.enter();
  const PlaceTable::Slot* slot = places_->find(place);
  return slot == nullptr || slot->settled;
}

SubjectIndex Program::Engine::join(std::span<const SubjectIndex> members) {
  const std::lock_guard lock{mutex_};
  Judge::Who all;
  for (const SubjectIndex member : members) {
    const Judge::Who each = who(clamp(member));
    if (each.unknown) return kUnknown;
    all.members.insert(all.members.end(), each.members.begin(), each.members.end());
  }
  std::ranges::sort(all.members);
  const auto repeated = std::ranges::unique(all.members);
  all.members.erase(repeated.begin(), repeated.end());
  // To be anyone beside something else adds nothing: rules for everyone apply to each subject. Were
  // it kept, a rule that loosens for a subject would do nothing for whoever comes as both.
  if (all.members.size() > 1) std::erase(all.members, static_cast<std::uint16_t>(kAnyone));
  if (all.members.empty()) return kAnyone;
  if (all.members.size() == 1) return static_cast<SubjectIndex>(all.members.front());

  const std::size_t declared = document_.subjects.size() + kFirstSubject;
  const auto found = std::ranges::find(joined_, all.members, &Judge::Who::members);
  const auto index = static_cast<std::size_t>(found - joined_.begin());
  if (index == joined_.size()) {
    if (joined_.size() == kMaxJoined) return kUnknown;
    joined_.push_back(std::move(all));
    subjects_.store(declared + joined_.size(), std::memory_order_release);
  }
  return static_cast<SubjectIndex>(declared + index);
}

std::optional<PathState> Program::Engine::state_of(Place place) {
  const std::lock_guard lock{mutex_};
  const PlaceTable::Slot* slot = places_->find(place);
  if (slot == nullptr) return std::nullopt;
  return PathState{slot->units.load(std::memory_order_relaxed)->states, slot->items};
}

PathState Program::Engine::trace(const PathState& from, std::string_view name, Kind kind,
                                 std::vector<Hit>& hits) {
  const std::lock_guard lock{mutex_};
  const NameDfa::Worked worked = names_->work_out(name);
  std::vector<PatternId> patterns{worked.patterns.begin(), worked.patterns.end()};
  const PatternId literal = automaton_.names().literal(name);
  if (literal != kNoPattern) patterns.push_back(literal);
  Automaton::Next next;
  automaton_.step(from, patterns, scratch_, next, &hits);
  if (kind == Kind::directory) return std::move(next.directory);
  return {std::move(next.other), {}};
}

std::vector<Program::Engine::Held> Program::Engine::held() {
  const std::lock_guard lock{mutex_};
  std::vector<Held> all;
  places_->for_each_held([&](Place place, const PlaceTable::Slot& slot) {
    // The start is held once by the engine itself.
    const std::uint32_t holds = slot.holds.load() - (place == start_ ? 1 : 0);
    if (holds == 0) return;
    all.push_back({place, holds, {slot.units.load()->states, slot.items}});
  });
  return all;
}

bool Program::Engine::restore(const Held& held) {
  const std::lock_guard lock{mutex_};
  const auto& [place, holds, state] = held;
  constexpr std::uint32_t kMostHolds = 0x7fffffff;
  if (holds == 0 || holds > kMostHolds) return false;
  const auto not_ascending = std::ranges::greater_equal{};
  if (std::ranges::adjacent_find(state.units, not_ascending, unit_of) != state.units.end())
    return false;
  if (std::ranges::adjacent_find(state.items, not_ascending) != state.items.end()) return false;
  if (!state.units.empty() && unit_of(state.units.back()) >= automaton_.units()) return false;
  if (!state.items.empty() && state.items.back() >= automaton_.items()) return false;
  if (place == start_) {
    PlaceTable::Slot* slot = places_->find(place);
    // The engine's own hold is there already; a second entry for the start is one too many.
    if (slot == nullptr || slot->holds.load() != 1 || state != automaton_.start()) return false;
    slot->holds.fetch_add(holds);
    return true;
  }
  return places_->intern_as(place, state, automaton_.is_settled(state), holds);
}

Stats Program::Engine::stats() noexcept {
  const std::lock_guard lock{mutex_};
  return {.bytes = budget_.used(),
          .places = places_->known(),
          .held = places_->held(),
          .misses = misses_,
          .sweeps = sweeps_,
          .strictest = strictest_answers_.load(std::memory_order_relaxed)};
}

}  // namespace sluice::policy
