// SPDX-License-Identifier: MIT
// One search for each never, axis and set of rules that subjects share: an automaton of the never's
// own paths (unit 0) and of the rules that could make a difference on this axis.
#include "sluice/policy/never.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sluice/policy/content_names.h"
#include "sluice/policy/engine.h"
#include "sluice/policy/explore.h"

namespace sluice::policy {
namespace {

// What is decided about opening is decided by `see` too.
bool depends_on_see(Axis axis) noexcept {
  return axis == Axis::read || axis == Axis::execute || axis == Axis::write;
}

class Prover {
 public:
  Prover(const Document& document, Diagnostics& wrong)
      : document_{document}, judge_{document}, wrong_{wrong} {}

  // What is found only makes stricter; so each content is looked at alone, and where the never
  // names none, as if nothing were found.
  void prove(const Never& never) {
    if (never.contents.empty()) prove(never, "");
    for (const std::string& content : never.contents) {
      if (!prove(never, content)) return;  // one error for each never
    }
  }

 private:
  bool prove(const Never& never, std::string_view content) {
    for (std::size_t i = 0; i < kAxes; ++i) {
      const auto axis = static_cast<Axis>(i);
      if (!never.forbidden.has(axis)) continue;
      std::set<std::vector<std::uint32_t>> done;  // rules; subjects with the same need one proof
      for (const std::uint16_t subject : subjects_of(never)) {
        std::vector<std::uint32_t> rules = relevant(never, content, axis, subject);
        if (!done.insert(rules).second) continue;
        if (!prove(never, content, axis, subject, rules)) return false;
      }
    }
    return true;
  }

  std::vector<std::uint16_t> subjects_of(const Never& never) const {
    std::vector<std::uint16_t> subjects;
    for (std::size_t i = 0; i < document_.subjects.size(); ++i) {
      if (!policy::speaks_of(never.who, document_.subjects[i].name)) continue;
      subjects.push_back(static_cast<std::uint16_t>(i + kFirstSubject));
    }
    if (policy::speaks_of(never.who, "anyone"))
      subjects.push_back(static_cast<std::uint16_t>(kAnyone));
    return subjects;
  }

  std::string_view name_of(std::uint16_t subject) const {
    if (subject < kFirstSubject) return "anyone";
    return document_.subjects[subject - kFirstSubject].name;
  }

  // Leaves out rules that cannot tell a forbidden value from one that is not: where the default is
  // forbidden already, those that give forbidden values.
  std::vector<std::uint32_t> relevant(const Never& never, std::string_view content, Axis axis,
                                      std::uint16_t subject) const {
    const std::uint8_t limit = never.forbidden.at(axis);
    const bool default_is_strict = document_.defaults.at(axis) > limit;
    const bool default_hides = document_.defaults.at(Axis::see) != 0;
    std::vector<std::uint32_t> rules;
    for (std::uint32_t i = 0; i < document_.rules.size(); ++i) {
      if (!judge_.applies(i, subject) || !speaks_of(i, content)) continue;
      const Values& values = document_.rules[i].values;
      const bool only_adds = !document_.rules[i].contents.empty();
      const bool on_axis =
          values.has(axis) && ((default_is_strict && !only_adds) || values.at(axis) > limit);
      const bool on_see = depends_on_see(axis) && values.has(Axis::see) &&
                          (default_hides || values.at(Axis::see) != 0);
      if (on_axis || on_see) rules.push_back(i);
    }
    return rules;
  }

  // Tells whether a rule counts for a file that contains this: it has no contents, or what is found
  // is among them or part of one.
  bool speaks_of(std::uint32_t rule, std::string_view content) const {
    const auto& contents = document_.rules[rule].contents;
    return contents.empty() || std::ranges::any_of(contents, [&](const std::string& each) {
             return is_part_of(content, each);
           });
  }

  std::uint8_t value(Axis axis, const UnitStates& units,
                     const std::vector<std::uint32_t>& rules) const {
    bool set = false;
    std::uint8_t value = 0, added = 0;
    for (const std::uint32_t state : units) {
      if (!is_matched(state) || unit_of(state) == 0) continue;
      const Rule& rule = document_.rules[rules[unit_of(state) - 1]];
      if (!rule.values.has(axis)) continue;
      const bool only_adds = !rule.contents.empty();
      std::uint8_t& into = only_adds ? added : value;
      into = std::max(into, rule.values.at(axis));
      set |= !only_adds;
    }
    return std::max(added, set ? value : document_.defaults.at(axis));
  }

  // Tells whether the never holds there, or else tells of a path for which it does not.
  bool prove(const Never& never, std::string_view content, Axis axis, std::uint16_t subject,
             const std::vector<std::uint32_t>& rules) {
    Automaton automaton;
    bool good = add_unit(automaton, never.paths, never.everywhere);
    std::vector<bool> final{false};
    for (const std::uint32_t rule : rules) {
      const Rule& each = document_.rules[rule];
      good &= add_unit(automaton, each.paths, each.everywhere);
      final.push_back(std::ranges::none_of(each.paths, &GlobText::subtracts));
    }
    if (!good || !automaton.freeze()) return tell(never, "its patterns are too many to be proved");

    const std::uint8_t limit = never.forbidden.at(axis);
    const auto is_strict = [&](const UnitStates& units) {
      const bool hidden = depends_on_see(axis) && value(Axis::see, units, rules) != 0;
      return hidden || value(axis, units, rules) > limit;
    };
    const auto bad = [&](const UnitStates& units) {
      return matched(units, 0) && !is_strict(units);
    };
    // Below a rule that is strict enough and takes nothing out again, all is well; and where the
    // never's own patterns take a directory out, it says nothing any more.
    const auto prune = [&](const UnitStates& units) {
      return std::ranges::any_of(units, [&](std::uint32_t state) {
        if (unit_of(state) == 0) return !is_matched(state);
        if (!is_matched(state) || !final[unit_of(state)]) return false;
        const Values& values = document_.rules[rules[unit_of(state) - 1]].values;
        const bool hides =
            depends_on_see(axis) && values.has(Axis::see) && values.at(Axis::see) != 0;
        return hides || (values.has(axis) && values.at(axis) > limit);
      });
    };
    const Finding finding = search(automaton, Bounds{}, bad, prune);
    if (finding.proven == Proven::holds) return true;
    if (finding.proven == Proven::unknown) {
      return tell(never,
                  "it cannot be proved: its patterns and those of the rules it depends on are"
                  " too entangled; use fewer `**` and `*` in them");
    }
    const std::string path = finding.example.empty() ? "/" : finding.example;
    const std::string in = content.empty() ? "" : fmt::format(" with {} in it", quoted(content));
    return tell(never, fmt::format("it does not hold: as `{}`, {}{} can have `{} = \"{}\"`",
                                   name_of(subject), quoted(path), in, name(axis),
                                   value_name(axis, value(axis, finding.units, rules))));
  }

  bool tell(const Never& never, std::string text) {
    const std::string file =
        never.at.file < document_.files.size() ? document_.files[never.at.file] : "";
    const std::string id =
        never.id.empty() ? "this never" : fmt::format("the never `{}`", never.id);
    wrong_.push_back(
        {Severity::error, file, never.at.line, never.at.column, id + ": " + std::move(text)});
    return false;
  }

  const Document& document_;
  Judge judge_;
  Diagnostics& wrong_;
};

}  // namespace

Diagnostics prove_nevers(const Document& document) {
  Diagnostics wrong;
  Prover prover{document, wrong};
  for (const Never& never : document.nevers) prover.prove(never);
  return wrong;
}

}  // namespace sluice::policy
