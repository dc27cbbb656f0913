// SPDX-License-Identifier: MIT
// What a Program is inside: the document's rules as an automaton, and all that running it has
// worked out so far.
//
// Locks: mutex_ guards everything that is worked out. Readers pass the gate instead and see what
// was published to them; a sweep closes the gate.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/policy/automaton.h"
#include "sluice/policy/gate.h"
#include "sluice/policy/grant_table.h"
#include "sluice/policy/name_dfa.h"
#include "sluice/policy/place_table.h"
#include "sluice/policy/program.h"
#include "sluice/policy/step_cache.h"
#include "sluice/policy/sum.h"

namespace sluice::policy {

// Adds a unit for these patterns, which must parse; what does not is left out and told.
bool add_unit(Automaton& automaton, const std::vector<GlobText>& globs, bool everywhere);

// Works out terms from rules. No state beyond the document's.
class Judge {
 public:
  explicit Judge(const Document& document);

  // Who a caller is: subjects, or kAnyone's index for none. Of several the strictest values hold,
  // so that nobody gets more by being one more subject.
  struct Who {
    std::vector<std::uint16_t> members;
    bool unknown = false;  // [default].unknown_subject holds as well
  };
  bool applies(std::uint32_t rule, std::uint16_t member) const noexcept;
  Terms terms(const UnitStates& units, const Who& who) const;
  // Gives the strictest of all rules that apply, and of the default, on each axis; what rules about
  // contents say holds for these contents there too.
  Terms strictest(const Who& who) const;

  // Gives the contents that a rule is about; none: whatever a file contains.
  ContentSet contents(std::uint32_t rule) const noexcept { return contents_[rule]; }

 private:
  using Found = std::vector<IfFound>;
  void add(Sum& sum, std::uint32_t rule) const noexcept;
  void add_found(Found& found, std::uint32_t rule) const;
  Sum sum_of(const UnitStates& units, std::uint16_t member) const noexcept;
  bool is_first(RuleId rule, RuleId other) const noexcept;
  static void add(Sum& sum, const Values& values, RuleId by) noexcept;
  Terms finish(Sum sum, Found found) const;
  void finish_contents(const Sum& sum, Found found, Terms& terms) const;

  const Document& document_;
  std::vector<std::vector<std::uint16_t>> who_;  // by rule; empty: everyone
  std::vector<std::uint32_t> rank_;              // by rule: its place in the order of ids
  std::vector<ContentSet> contents_;             // by rule
  bool looks_ = false;                           // some rule has contents
  Found unanswered_;                             // what holds where an inspection has no answer
};

class Program::Engine {
 public:
  static constexpr std::size_t kMaxJoined = 30;

  // Builds it; gives nothing if the patterns are more than the automaton takes.
  static std::unique_ptr<Engine> build(Document document, const Limits& limits);

  const Document& document() const noexcept { return document_; }
  const Automaton& automaton() const noexcept { return automaton_; }
  const Judge& judge() const noexcept { return judge_; }
  const std::vector<ContentName>& contents() const noexcept { return contents_; }
  GrantTable& grants() noexcept { return grants_; }
  Place start() const noexcept { return start_; }

  Step step(Place parent, std::string_view name) noexcept;
  Place enter(Place parent, std::string_view name, Kind kind) noexcept;
  const Terms& terms(Place place, SubjectIndex subject) noexcept;
  Place hold(Place place) noexcept;
  void release(Place place) noexcept;
  bool differs(Place place) noexcept;
  bool settled(Place place) noexcept;
  void sweep() noexcept;
  Stats stats() noexcept;

  // Gives who a subject is; kUnknown's for one that is not known.
  Judge::Who who_is(SubjectIndex subject);
  std::size_t subjects() const noexcept { return subjects_.load(std::memory_order_acquire); }
  SubjectIndex join(std::span<const SubjectIndex> members);

  // Gives the state of a place; nothing for the strictest. For traces and for saving.
  std::optional<PathState> state_of(Place place);
  // Takes a step outside of what is kept, and tells which patterns took part.
  PathState trace(const PathState& from, std::string_view name, Kind kind, std::vector<Hit>& hits);

  struct Held {
    Place place;
    std::uint32_t holds;
    PathState state;
  };
  std::vector<Held> held();
  // Makes a held place known again; false if it cannot be one of this program.
  bool restore(const Held& held);

 private:
  Engine(Document document, const Limits& limits);
  bool start_up();
  Judge::Who who(SubjectIndex subject) const;  // under the mutex
  SubjectIndex clamp(SubjectIndex subject) const noexcept;
  std::optional<Step> find_step(Place parent, std::string_view name) const noexcept;
  static bool count_hold(PlaceTable::Slot* slot) noexcept;
  Step work_out(Place parent, std::string_view name);
  Step work_out_once(const PlaceTable::Slot& from, Place parent, std::string_view name, bool& full);
  void sweep_locked();
  bool may_sweep() const noexcept;
  const Terms* keep_terms(Terms terms);
  const Terms& strictest(SubjectIndex subject);

  Document document_;
  std::vector<ContentName> contents_;
  Automaton automaton_;
  Judge judge_;
  GrantTable grants_;
  std::mutex mutex_;
  Gate gate_{mutex_};
  Budget budget_;
  std::optional<NameDfa> names_;
  StepCache steps_{budget_};
  std::optional<PlaceTable> places_;
  Place start_{};

  std::atomic<std::size_t> subjects_;
  Judge::Who everybody_;                              // who an unknown caller may be
  std::vector<Judge::Who> joined_;                    // room for kMaxJoined from the beginning
  std::vector<std::atomic<const Terms*>> strictest_;  // by subject
  std::deque<Terms> terms_;                           // each once; never freed
  std::size_t bytes_of_terms_ = 0;
  std::unordered_multimap<std::uint64_t, const Terms*> term_ids_;
  Terms fallback_;  // for when there is no memory at all

  Automaton::Scratch scratch_;
  Automaton::Next next_;
  std::vector<PatternId> patterns_;
  std::uint64_t misses_ = 0, sweeps_ = 0;
  std::atomic<std::uint64_t> releases_{0}, strictest_answers_{0};
  std::uint64_t releases_at_sweep_ = 0;
};

}  // namespace sluice::policy
