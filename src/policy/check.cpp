// SPDX-License-Identifier: MIT
// What looks wrong in a policy that loads.
#include "sluice/policy/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/policy/content_names.h"
#include "sluice/policy/engine.h"
#include "sluice/policy/explore.h"

namespace sluice::policy {
namespace {

// For one rule among many: what takes longer to find out is not told.
constexpr Bounds kForOneRule{.names = 4000, .kinds = 500, .places = 2000, .steps = 50'000};
constexpr std::size_t kMostCandidates = 32;
constexpr std::size_t kMostRules = 3000;

std::string file_of(const Document& document, Location at) {
  return at.file < document.files.size() ? document.files[at.file] : "";
}

bool covers_who(const Document& document, const Rule& wide, const Rule& narrow) {
  const auto covers = [&](std::string_view subject) {
    return speaks_of(wide.who, subject) || !speaks_of(narrow.who, subject);
  };
  return covers("anyone") && std::ranges::all_of(document.subjects, covers, &SubjectSpec::name);
}

// Tells whether `wide` counts for every file for which `narrow` does.
bool covers_contents(const Rule& wide, const Rule& narrow) {
  if (wide.contents.empty()) return true;
  if (narrow.contents.empty()) return false;
  return std::ranges::all_of(narrow.contents, [&](const std::string& part) {
    return std::ranges::any_of(wide.contents,
                               [&](const std::string& whole) { return is_part_of(part, whole); });
  });
}

// Tells whether what `narrow` finds is redacted because of it alone, although `wide` redacts too.
bool redacts_more(const Rule& wide, const Rule& narrow) {
  if (narrow.contents.empty() || !wide.contents.empty() || wide.with() == With::all) return false;
  constexpr auto kRedact = static_cast<std::uint8_t>(Read::redact);
  const auto both = [&](Axis axis) {
    return narrow.values.at(axis) == kRedact && wide.values.at(axis) == kRedact;
  };
  return both(Axis::read) || both(Axis::execute);
}

enum class Strictness { less, same, more };

// How strict `a` is on the axes that `b` has.
Strictness compare(const Values& a, const Values& b) {
  bool more = false;
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!b.has(axis)) continue;
    if (!a.has(axis) || a.at(axis) < b.at(axis)) return Strictness::less;
    more |= a.at(axis) > b.at(axis);
  }
  return more ? Strictness::more : Strictness::same;
}

class DeadRules {
 public:
  explicit DeadRules(const Document& document) : document_{document} {}

  Diagnostics find() {
    const std::size_t most = std::min(document_.rules.size(), kMostRules);
    for (std::size_t i = 0; i < most; ++i) check(i);
    return std::move(told_);
  }

 private:
  void check(std::size_t index) {
    const Rule& rule = document_.rules[index];
    Automaton own;
    if (!add_unit(own, rule.paths, rule.everywhere) || !own.freeze()) return;
    const auto matches = [](const UnitStates& units) { return matched(units, 0); };
    const auto out = [](const UnitStates& units) {
      return !units.empty() && !is_matched(units.front());
    };
    const bool minus = std::ranges::any_of(rule.paths, &GlobText::subtracts);
    if (minus && search(own, kForOneRule, matches, out).proven == Proven::holds) {
      return tell(rule, "can never match: its exceptions take out everything that it names");
    }
    check_covered(index, rule);
  }

  void check_covered(std::size_t index, const Rule& rule) {
    Automaton automaton;
    bool good = add_unit(automaton, rule.paths, rule.everywhere);
    std::vector<const Rule*> covers;
    for (std::size_t i = 0; i < document_.rules.size() && covers.size() < kMostCandidates; ++i) {
      const Rule& other = document_.rules[i];
      if (i == index || !covers_who(document_, other, rule) || !covers_contents(other, rule))
        continue;
      if (redacts_more(other, rule)) continue;
      const Strictness strict = compare(other.values, rule.values);
      // Of two rules that say the same, one is told of.
      if (strict == Strictness::less || (strict == Strictness::same && i > index)) continue;
      good &= add_unit(automaton, other.paths, other.everywhere);
      covers.push_back(&other);
    }
    if (covers.empty() || !good || !automaton.freeze()) return;
    const auto uncovered = [&](const UnitStates& units) {
      const auto covered = [](std::uint32_t state) {
        return is_matched(state) && unit_of(state) != 0;
      };
      return matched(units, 0) && std::ranges::none_of(units, covered);
    };
    const auto nothing = [](const UnitStates&) { return false; };
    if (search(automaton, kForOneRule, uncovered, nothing).proven != Proven::holds) return;
    const std::string_view by = covers.size() == 1 ? std::string_view{covers.front()->id} : "";
    tell(rule,
         by.empty()
             ? "can never win: stricter rules cover all that it names"
             : fmt::format("can never win: `{}` is as strict and covers all that it names", by));
  }

  void tell(const Rule& rule, std::string_view what) {
    told_.push_back({Severity::warning, file_of(document_, rule.at), rule.at.line, rule.at.column,
                     fmt::format("rule `{}` {}", rule.id, what)});
  }

  const Document& document_;
  Diagnostics told_;
};

}  // namespace

Diagnostics dead_rules(const Program& program) { return DeadRules{program.document()}.find(); }

Diagnostics unused_sets(const Program& program) {
  const Document& document = program.document();
  Diagnostics told;
  const auto look = [&](std::string_view kind, const std::string& set, Location at) {
    const bool used = std::ranges::any_of(
        program.contents(), [&](const ContentName& content) { return content.set == set; });
    if (used || at.file != 0) return;
    told.push_back({Severity::warning, file_of(document, at), at.line, at.column,
                    fmt::format("no rule asks for the {} `{}`, so nothing comes of it: add one with"
                                " `content = \"{}\"` and a verdict, such as `\"redact\"`",
                                kind, set, set)});
  };
  for (const ImportSpec& each : document.imports) look("import", each.as, each.at);
  for (const DetectorSpec& each : document.detectors) look("detector", each.name, each.at);
  return told;
}

Diagnostics unprovable(const Program& program,
                       const std::function<bool(const SubjectSpec&)>& provable) {
  const Document& document = program.document();
  Diagnostics told;
  for (const SubjectSpec& subject : document.subjects) {
    const auto names_it = [&](const Rule& rule) { return names_subject(rule.who, subject.name); };
    const auto rule = std::ranges::find_if(document.rules, names_it);
    if (rule == document.rules.end() || provable(subject)) continue;
    told.push_back(
        {Severity::warning, file_of(document, subject.at), subject.at.line, subject.at.column,
         fmt::format("nothing here can prove that a caller is `{}`, so rule `{}` and others"
                     " for it do nothing",
                     subject.name, rule->id)});
  }
  return told;
}

Estimate count_places(const Program& program, std::size_t bound) {
  Bounds bounds;
  bounds.places = bound;
  const auto nothing = [](const UnitStates&) { return false; };
  const Finding finding = search(program.engine().automaton(), bounds, nothing, nothing);
  return {.places = finding.places, .exact = finding.proven == Proven::holds};
}

}  // namespace sluice::policy
