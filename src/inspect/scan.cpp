// SPDX-License-Identifier: MIT
// The whole of a scan: the database over the text, then rule by rule what it pointed at, then what
// rules say of each other.
#include "sluice/inspect/scan.h"

#include <hs/hs.h>

#include <algorithm>
#include <new>
#include <set>
#include <vector>

#include "sluice/inspect/confirm.h"
#include "sluice/inspect/wide.h"

namespace sluice::inspect {
namespace {

// How many findings one piece may have before it is not looked at further.
constexpr std::size_t kMostFound = 200'000;

std::uint64_t distance(std::uint64_t a, std::uint64_t b) noexcept { return a > b ? a - b : b - a; }

// Fills in on which line and in which column each match begins. `found` is sorted by match.
void number_lines(std::string_view text, std::uint64_t first_line, std::vector<Found>& found) {
  std::uint64_t line = first_line, line_begin = 0, at = 0;
  for (Found& one : found) {
    for (;;) {
      const auto end = text.find('\n', at);
      if (end == text.npos || end >= one.match.begin) break;
      at = line_begin = end + 1;
      ++line;
    }
    one.line = line;
    one.column = one.match.begin - line_begin + 1;
  }
}

bool is_near(const Found& a, const Found& b, const Required& required) noexcept {
  if (required.within_lines && distance(a.line, b.line) > *required.within_lines) return false;
  return !required.within_columns || distance(a.column, b.column) <= *required.within_columns;
}

}  // namespace

std::string_view name(Scanned scanned) noexcept {
  switch (scanned) {
    case Scanned::whole: return "whole";
    case Scanned::too_many: return "too many hits";
    case Scanned::exhausted: return "budget used up";
    case Scanned::failed: break;
  }
  return "failed";
}

struct Scanner::State {
  State(const Detectors& all, AllowComments allow)
      : detectors{&all},
        comments{allow},
        scratch{make_scratch(all.compiled().database)},
        candidates(all.size()) {
    for (std::uint32_t i = 0; i < all.size(); ++i) {
      const CompiledRule& rule = all.compiled().rules[i];
      if (rule.tier == Tier::always) always.push_back(i);
      if (rule.tier == Tier::path) path_rules.push_back(i);
    }
  }

  Scanned scan(const Piece& piece, Budget& budget, Hits& hits);

 private:
  // The database's word that rule `id` has a match that ends at `to`.
  int on_match(std::uint32_t id, std::uint64_t to) {
    Candidates& mine = candidates[id];
    if (!mine.any()) touched.push_back(id);
    const CompiledRule& rule = detectors->compiled().rules[id];
    if (rule.tier == Tier::words) {
      mine.everywhere = true;
    } else {
      mine.add(to, rule.widest);
    }
    return ++events > most_events ? 1 : 0;
  }

  Scanned point(std::string_view text, Budget& budget);
  Scanned look(std::string_view text, const Piece& piece, Budget& budget);
  Scanned look_wide(const Piece& piece, Budget& budget);
  void drop_without_keyword(const CompiledRule& rule, std::string_view text, std::size_t first,
                            Budget& budget);
  bool has_required(const CompiledRule& rule, const Found& one) const;
  void report(const Piece& piece, Hits& hits) const;
  bool gives_way(const Found& one, std::size_t at) const;

 public:
  const Detectors* detectors;
  AllowComments comments;
  Scratch scratch;

 private:
  std::vector<Candidates> candidates;  // by rule
  std::vector<std::uint32_t> touched;  // rules that have some
  std::vector<std::uint32_t> always;
  std::vector<std::uint32_t> path_rules;
  std::uint64_t events = 0;
  std::uint64_t most_events = 0;
  std::vector<Found> found;
};

// Lets the database go over `text`.
Scanned Scanner::State::point(std::string_view text, Budget& budget) {
  for (const std::uint32_t rule : touched) candidates[rule].clear();
  touched = always;
  for (const std::uint32_t rule : always) candidates[rule].everywhere = true;
  if (!budget.take_bytes(text.size())) return Scanned::exhausted;
  const hs_database* database = detectors->compiled().database.get();
  if (database == nullptr || text.empty()) return Scanned::whole;
  if (scratch == nullptr) return Scanned::failed;
  events = 0;
  most_events = budget.steps_left();
  const auto result = hs_scan(
      database, text.data(), static_cast<unsigned>(text.size()), 0, scratch.get(),
      [](unsigned id, unsigned long long, unsigned long long to, unsigned, void* state) {
        return static_cast<State*>(state)->on_match(id, to);
      },
      this);
  if (!budget.take_steps(events) || result == HS_SCAN_TERMINATED) return Scanned::exhausted;
  return result == HS_SUCCESS ? Scanned::whole : Scanned::failed;
}

// Marks findings of one rule, from `first` on, whose text has none of its keywords.
void Scanner::State::drop_without_keyword(const CompiledRule& rule, std::string_view text,
                                          std::size_t first, Budget& budget) {
  if (rule.keywords == nullptr || found.size() == first) return;
  const auto has_one = [&](const Found& one) {
    return matches(rule.keywords, text.substr(one.match.begin, one.match.end - one.match.begin));
  };
  if (std::any_of(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(), has_one)) return;
  budget.take_steps(text.size());
  if (matches(rule.keywords, text)) return;
  for (std::size_t i = first; i < found.size(); ++i) found[i].keyword = false;
}

// Adds to `found` what is in `text`, in its own places.
Scanned Scanner::State::look(std::string_view text, const Piece& piece, Budget& budget) {
  if (const Scanned pointed = point(text, budget); pointed != Scanned::whole) return pointed;
  const Compiled& compiled = detectors->compiled();
  const Subject subject{compiled, text, piece.path, comments};
  std::ranges::sort(touched);
  for (const std::uint32_t number : touched) {
    const CompiledRule& rule = compiled.rules[number];
    if (!applies_to_path(compiled, rule, piece.path)) continue;
    Candidates& mine = candidates[number];
    std::ranges::sort(mine.ends);
    const std::size_t first = found.size();
    const Scanned confirmed = confirm(subject, number, mine, budget, kMostFound, found);
    if (confirmed != Scanned::whole) return confirmed;
    drop_without_keyword(rule, text, first, budget);
  }
  return budget.exhausted() ? Scanned::exhausted : Scanned::whole;
}

Scanned Scanner::State::look_wide(const Piece& piece, Budget& budget) {
  const Wide wide = wide_runs(text_of(piece.text));
  if (wide.narrow.empty()) return Scanned::whole;
  const std::size_t first = found.size();
  const Scanned looked = look(wide.narrow, piece, budget);
  for (std::size_t i = first; i < found.size(); ++i) {
    const auto in_source = [&](Candidates::Window window) {
      const Range range = wide.source_of(window.begin, window.end);
      return Candidates::Window{range.offset, range.end()};
    };
    found[i].match = in_source(found[i].match);
    found[i].secret = in_source(found[i].secret);
    found[i].width = Width::wide;
  }
  return looked;
}

bool Scanner::State::has_required(const CompiledRule& rule, const Found& one) const {
  return std::ranges::all_of(rule.required, [&](const auto& required) {
    return std::ranges::any_of(found, [&](const Found& other) {
      return other.rule == required.first && other.width == one.width &&
             is_near(one, other, required.second);
    });
  });
}

// Tells whether the finding of a rule that calls itself generic is also that of one that does not.
bool Scanner::State::gives_way(const Found& one, std::size_t at) const {
  const auto& rules = detectors->compiled().rules;
  const auto better = [&](const Found& other) {
    return other.line == one.line && other.rule != one.rule && other.keyword &&
           !rules[other.rule].generic && rules[other.rule].set == rules[one.rule].set &&
           rules[other.rule].rule.reported == Reported::yes &&
           other.secret.begin <= one.secret.begin && other.secret.end >= one.secret.end;
  };
  // They are sorted; those of the same line are around it, and only so many are worth looking at.
  constexpr std::size_t kAround = 64;
  const std::size_t from = at > kAround ? at - kAround : 0;
  const std::size_t to = std::min(at + kAround, found.size());
  for (std::size_t i = from; i < to; ++i) {
    if (i != at && better(found[i])) return true;
  }
  return false;
}

void Scanner::State::report(const Piece& piece, Hits& hits) const {
  const auto& rules = detectors->compiled().rules;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Found& one = found[i];
    const CompiledRule& rule = rules[one.rule];
    if (!one.keyword || rule.rule.reported == Reported::no) continue;
    if (!rule.required.empty() && !has_required(rule, one)) continue;
    if (rule.generic && gives_way(one, i)) continue;
    const Range secret{piece.offset + one.secret.begin, one.secret.end - one.secret.begin};
    hits.add({DetectorIndex{one.rule}, secret, piece.line == 0 ? 0 : one.line, one.width});
  }
}

Scanned Scanner::State::scan(const Piece& piece, Budget& budget, Hits& hits) {
  if (piece.text.size() > kLongestPiece) return Scanned::failed;
  found.clear();
  const Compiled& compiled = detectors->compiled();
  for (const std::uint32_t number : path_rules) {
    const CompiledRule& rule = compiled.rules[number];
    if (rule.rule.reported == Reported::no || !applies_to_path(compiled, rule, piece.path))
      continue;
    hits.add({DetectorIndex{number}, {piece.offset, piece.text.size()}, 0, Width::bytes});
  }
  Scanned looked = look(text_of(piece.text), piece, budget);
  if (looked == Scanned::whole) looked = look_wide(piece, budget);
  std::ranges::stable_sort(found, {}, [](const Found& one) { return one.match.begin; });
  number_lines(text_of(piece.text), piece.line, found);
  report(piece, hits);
  if (hits.overflowed()) return Scanned::too_many;
  return looked;
}

Scanner::Scanner(const Detectors& detectors, AllowComments comments)
    : state_{std::make_unique<State>(detectors, comments)} {}
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;
Scanner::~Scanner() = default;

Scanned Scanner::scan(const Piece& piece, Budget& budget, Hits& hits) noexcept try {
  return state_->scan(piece, budget, hits);
} catch (const std::bad_alloc&) {
  return Scanned::failed;
}

const Detectors& Scanner::detectors() const noexcept { return *state_->detectors; }

}  // namespace sluice::inspect
