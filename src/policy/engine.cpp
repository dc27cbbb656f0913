// SPDX-License-Identifier: MIT
// Steps and terms: what was worked out before is found without a lock; the rest is worked out here,
// one thread at a time.
#include "sluice/policy/engine.h"

#include <algorithm>
#include <utility>

#include "sluice/policy/content_names.h"
#include "sluice/policy/hash.h"

namespace sluice::policy {
namespace {

constexpr std::uint64_t kReleasesWorthASweep = 1024;

// A step's key: 24 bits of the place's slot, 20 of the literal, 20 of the other patterns.
std::uint64_t key_of(Place parent, PatternId literal, std::uint32_t set) noexcept {
  const std::uint64_t name = literal == kNoPattern ? 0 : static_cast<std::uint32_t>(literal);
  return std::uint64_t{PlaceTable::index_of(parent)} << 40 | name << 20 | set;
}

}  // namespace

bool add_unit(Automaton& automaton, const std::vector<GlobText>& globs, bool everywhere) {
  std::vector<Glob> parsed;
  std::vector<Automaton::GlobIn> in;
  parsed.reserve(globs.size());
  bool good = true;
  for (const GlobText& text : globs) {
    auto glob = parse_glob(text.text);
    good &= glob.has_value();
    if (!glob) continue;
    parsed.push_back(std::move(*glob));
    in.push_back({&parsed.back(), text.subtracts});
  }
  automaton.add_unit(in, everywhere);
  return good;
}

Program::Engine::Engine(Document document, const Limits& limits)
    : document_{std::move(document)},
      contents_{content_names(document_)},
      judge_{document_},
      budget_{limits.bytes},
      subjects_{document_.subjects.size() + kFirstSubject},
      strictest_(subjects_ + kMaxJoined) {
  joined_.reserve(kMaxJoined);
  everybody_ = {{static_cast<std::uint16_t>(kAnyone)}, true};
  for (std::size_t i = kFirstSubject; i < subjects_; ++i) {
    everybody_.members.push_back(static_cast<std::uint16_t>(i));
  }
  fallback_.grant = kStrictestGrant;
  fallback_.content.nothing_found = fallback_.grant;
  fallback_.id = policy::id_of(fallback_.grant);
  fallback_.won.fill(kByLimit);
}

std::unique_ptr<Program::Engine> Program::Engine::build(Document document, const Limits& limits) {
  std::unique_ptr<Engine> engine{new Engine{std::move(document), limits}};
  if (!engine->start_up()) return nullptr;
  return engine;
}

bool Program::Engine::start_up() {
  for (const Rule& rule : document_.rules) {
    if (!add_unit(automaton_, rule.paths, rule.everywhere)) return false;
  }
  if (!automaton_.freeze()) return false;
  names_.emplace(automaton_.names(), budget_);
  places_.emplace(budget_, subjects() + kMaxJoined);
  PathState state = automaton_.start();
  const bool settled = automaton_.is_settled(state);
  start_ = places_->intern(std::move(state), settled, nullptr);
  count_hold(places_->find(start_));
  return true;
}

std::optional<Step> Program::Engine::find_step(Place parent, std::string_view name) const noexcept {
  const std::uint32_t set = names_->find(name);
  if (set == NameDfa::kUnknown) return std::nullopt;
  return steps_.find(key_of(parent, automaton_.names().literal(name), set));
}

Step Program::Engine::step(Place parent, std::string_view name) noexcept {
  constexpr Step kStrictest{PlaceTable::kStrictest, PlaceTable::kStrictest};
  {
    const Gate::Inside inside = gate_.enter();
    if (places_->find(parent) == nullptr) return kStrictest;
    if (const auto found = find_step(parent, name)) return *found;
  }
  try {
    const std::lock_guard lock{mutex_};
    return work_out(parent, name);
  } catch (...) {  // no memory
    strictest_answers_.fetch_add(1, std::memory_order_relaxed);
    return kStrictest;
  }
}

bool Program::Engine::count_hold(PlaceTable::Slot* slot) noexcept {
  if (slot == nullptr) return false;
  slot->holds.fetch_add(1, std::memory_order_relaxed);
  return true;
}

Place Program::Engine::enter(Place parent, std::string_view name, Kind kind) noexcept {
  {
    const Gate::Inside inside = gate_.enter();
    if (places_->find(parent) == nullptr) return PlaceTable::kStrictest;
    if (const auto found = find_step(parent, name)) {
      const Place place = place_of(*found, kind);
      count_hold(places_->find(place));
      return place;
    }
  }
  try {
    const std::lock_guard lock{mutex_};
    const Place place = place_of(work_out(parent, name), kind);
    count_hold(places_->find(place));
    return place;
  } catch (...) {
    strictest_answers_.fetch_add(1, std::memory_order_relaxed);
    return PlaceTable::kStrictest;
  }
}

Step Program::Engine::work_out(Place parent, std::string_view name) {
  PlaceTable::Slot* from = places_->find(parent);
  if (from == nullptr) return {};
  if (const auto found = find_step(parent, name)) return *found;
  ++misses_;
  bool full = false;
  Step step = work_out_once(*from, parent, name, full);
  if (full && may_sweep()) {
    // The parent must outlive the sweep, whether or not a node holds it.
    count_hold(from);
    sweep_locked();
    from->holds.fetch_sub(1, std::memory_order_relaxed);
    step = work_out_once(*from, parent, name, full);
  }
  const bool strictest =
      step.directory == PlaceTable::kStrictest || step.other == PlaceTable::kStrictest;
  if (strictest) strictest_answers_.fetch_add(1, std::memory_order_relaxed);
  return step;
}

// Works out a step and keeps it. full: set if something found no room.
Step Program::Engine::work_out_once(const PlaceTable::Slot& from, Place parent,
                                    std::string_view name, bool& full) {
  full = false;
  const NameDfa::Worked worked = names_->work_out(name);
  const PatternId literal = automaton_.names().literal(name);
  patterns_.assign(worked.patterns.begin(), worked.patterns.end());
  if (literal != kNoPattern) patterns_.push_back(literal);

  UnitSet* units = from.units.load(std::memory_order_relaxed);
  automaton_.step({units->states, from.items}, patterns_, scratch_, next_);
  const bool settled = automaton_.is_settled(next_.directory);
  Step step;
  step.directory = places_->intern(std::move(next_.directory), settled,
                                   next_.directory_changed ? nullptr : units);
  step.other = places_->intern_leaf(std::move(next_.other), next_.other_changed ? nullptr : units);
  const bool strictest =
      step.directory == PlaceTable::kStrictest || step.other == PlaceTable::kStrictest;
  full = strictest || worked.set == NameDfa::kUnknown;
  // What was cut short by the limit is not kept: there may be room later.
  if (!full) full = !steps_.insert(key_of(parent, literal, worked.set), step);
  return step;
}

bool Program::Engine::may_sweep() const noexcept {
  const std::uint64_t released = releases_.load(std::memory_order_relaxed) - releases_at_sweep_;
  return budget_.since_sweep() >= budget_.limit() / 8 || released >= kReleasesWorthASweep;
}

void Program::Engine::sweep_locked() {
  gate_.close();
  steps_.clear();
  names_->clear();
  places_->sweep();
  budget_.swept();
  releases_at_sweep_ = releases_.load(std::memory_order_relaxed);
  ++sweeps_;
  gate_.open();
}

void Program::Engine::sweep() noexcept {
  try {
    const std::lock_guard lock{mutex_};
    sweep_locked();
  } catch (...) {  // clearing allocates a little; what was forgotten by then is forgotten
    gate_.open();
  }
}

Place Program::Engine::hold(Place place) noexcept {
  const Gate::Inside inside = gate_.enter();
  return count_hold(places_->find(place)) ? place : PlaceTable::kStrictest;
}

void Program::Engine::release(Place place) noexcept {
  const Gate::Inside inside = gate_.enter();
  PlaceTable::Slot* slot = places_->find(place);
  if (slot == nullptr) return;
  std::uint32_t holds = slot->holds.load(std::memory_order_relaxed);
  // One release too many must not let the next one's hold go.
  while (holds > 0 && !slot->holds.compare_exchange_weak(holds, holds - 1)) continue;
  if (holds == 1) releases_.fetch_add(1, std::memory_order_relaxed);
}

SubjectIndex Program::Engine::clamp(SubjectIndex subject) const noexcept {
  return static_cast<std::size_t>(subject) < subjects() ? subject : kUnknown;
}

Judge::Who Program::Engine::who_is(SubjectIndex subject) {
  const std::lock_guard lock{mutex_};
  return who(clamp(subject));
}

Judge::Who Program::Engine::who(SubjectIndex subject) const {
  const auto index = static_cast<std::uint16_t>(subject);
  const std::size_t declared = document_.subjects.size() + kFirstSubject;
  if (subject == kUnknown) return everybody_;
  if (index < declared) return {{index}, false};
  return joined_[index - declared];
}

const Terms* Program::Engine::keep_terms(Terms terms) {
  terms.id = grants_.id_of(terms.content);
  const bool unnumbered =
      terms.id == policy::id_of(kStrictestGrant) && terms.grant != kStrictestGrant;
  if (unnumbered) terms = fallback_;
  std::uint64_t hash = mix(0, static_cast<std::uint64_t>(terms.id));
  for (const RuleId rule : terms.won) hash = mix(hash, static_cast<std::uint64_t>(rule));
  for (const Log log : terms.logs) hash = mix(hash, static_cast<std::uint64_t>(log));
  const auto [begin, end] = term_ids_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (*at->second == terms) return at->second;
  }
  // Terms live as long as the program. There are few different ones unless somebody wants many;
  // then the rules' names are left out, and few are left.
  const std::size_t bytes = sizeof(Terms) + 64 + terms.if_found.size() * sizeof(IfFound) +
                            terms.content.if_found.size() * sizeof(GrantIfFound);
  const bool named = std::ranges::any_of(terms.won, [](RuleId rule) { return rule != kByLimit; });
  if (named && bytes_of_terms_ > budget_.limit() / 8) {
    terms.won.fill(kByLimit);
    for (IfFound& each : terms.if_found) each.won.fill(kByLimit);
    return keep_terms(std::move(terms));
  }
  budget_.force(bytes);
  bytes_of_terms_ += bytes;
  terms_.push_back(std::move(terms));
  term_ids_.emplace(hash, &terms_.back());
  return &terms_.back();
}

const Terms& Program::Engine::strictest(SubjectIndex subject) {
  auto& kept = strictest_[static_cast<std::size_t>(subject)];
  if (const Terms* found = kept.load(std::memory_order_acquire)) return *found;
  const std::lock_guard lock{mutex_};
  const Terms* made = keep_terms(judge_.strictest(who(subject)));
  kept.store(made, std::memory_order_release);
  return *made;
}

const Terms& Program::Engine::terms(Place place, SubjectIndex subject) noexcept {
  subject = clamp(subject);
  const auto index = static_cast<std::size_t>(subject);
  try {
    {
      const Gate::Inside inside = gate_.enter();
      if (const PlaceTable::Slot* slot = places_->find(place)) {
        const UnitSet* units = slot->units.load(std::memory_order_acquire);
        if (const Terms* found = units->terms[index].load(std::memory_order_acquire)) return *found;
      }
    }
    {
      const std::lock_guard lock{mutex_};
      if (const PlaceTable::Slot* slot = places_->find(place)) {
        UnitSet* units = slot->units.load(std::memory_order_relaxed);
        const Terms* made = keep_terms(judge_.terms(units->states, who(subject)));
        units->terms[index].store(made, std::memory_order_release);
        return *made;
      }
    }
    return strictest(subject);
  } catch (...) {  // no memory
    return fallback_;
  }
}

}  // namespace sluice::policy
