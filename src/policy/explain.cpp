// SPDX-License-Identifier: MIT
// Follows a path with a trace. How it is told is in explain_text.cpp.
#include "sluice/policy/explain.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "sluice/policy/engine.h"

namespace sluice::policy {
namespace {

// The names of a path, each with what it is.
struct Name {
  std::string_view text;
  Kind kind;
};

std::vector<Name> names_of(std::string_view path) {
  std::vector<Name> names;
  const bool directory = path.ends_with('/');
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) names.push_back({path.substr(0, slash), Kind::directory});
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  if (!names.empty() && !directory) names.back().kind = Kind::other;
  return names;
}

// A place that is held for as long as this lives.
class Holder {
 public:
  explicit Holder(const Program& program)
      : program_{program}, place_{program.hold(program.start())} {}
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { program_.release(place_); }

  void enter(const Name& name) noexcept {
    const Place next = program_.enter(place_, name.text, name.kind);
    program_.release(std::exchange(place_, next));
  }
  Place place() const noexcept { return place_; }

 private:
  const Program& program_;
  Place place_;
};

// A pattern that took part, with how much of the path it matched.
struct Found {
  Hit hit;
  std::size_t depth;
};

class Tracer {
 public:
  Tracer(Program::Engine& engine, const std::vector<Name>& names)
      : engine_{engine}, names_{names} {}

  // Gives what is known at the path's end.
  PathState run() {
    PathState state = engine_.automaton().start();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::vector<Hit> hits;
      state = engine_.trace(state, names_[i].text, names_[i].kind, hits);
      for (const Hit& hit : hits) {
        if (!hit.directory_only || names_[i].kind == Kind::directory)
          found_.push_back({hit, i + 1});
      }
    }
    return state;
  }

  // Gives the first pattern of a unit that subtracts, or the first that does not.
  std::optional<Found> first(std::uint32_t unit, bool subtracts) const {
    const auto& globs = engine_.document().rules[unit].paths;
    for (const Found& each : found_) {
      if (each.hit.unit == unit && globs[each.hit.glob].subtracts == subtracts) return each;
    }
    return std::nullopt;
  }

  std::string prefix(std::size_t depth) const {
    std::string path;
    for (std::size_t i = 0; i < depth; ++i) {
      path += names_[i].text;
      if (names_[i].kind == Kind::directory) path += '/';
    }
    return path;
  }

 private:
  Program::Engine& engine_;
  const std::vector<Name>& names_;
  std::vector<Found> found_;
};

// Tells whether a rule would name the path if nothing were subtracted. Once a rule is out, its
// other patterns are not followed any more, so the trace does not know.
bool names_without_exceptions(const Rule& rule, const std::vector<Name>& names) {
  if (rule.everywhere) return true;
  std::vector<GlobText> globs = rule.paths;
  std::erase_if(globs, &GlobText::subtracts);
  Document only;
  only.rules.push_back({.id = rule.id,
                        .at = {},
                        .who = {},
                        .everywhere = false,
                        .paths = globs,
                        .contents = {},
                        .contents_at = {},
                        .values = {},
                        .why = {}});
  const auto engine = Program::Engine::build(std::move(only), Limits{});
  if (engine == nullptr) return false;
  const PathState state = Tracer{*engine, names}.run();
  return !state.units.empty() && is_matched(state.units.front());
}

void add_axes(const Terms& terms, const Values& values, RuleId rule, Match& match) {
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (terms.won[i] == rule) {
      match.won.push_back(axis);
    } else if (values.has(axis)) {
      match.lost.push_back(axis);
    }
  }
  match.role = match.won.empty() ? Role::lost : Role::won;
}

}  // namespace

Walked walk(const Program& program, std::string_view path) noexcept {
  Holder holder{program};
  Walked walked{program.start(), true};
  for (const Name& name : names_of(path)) {
    holder.enter(name);
    walked = {holder.place(), name.kind == Kind::directory};
  }
  return walked;
}

Explanation explain(const Program& program, std::string_view path, SubjectIndex subject, Mode mode,
                    std::optional<ContentSet> found) {
  const std::vector<Name> names = names_of(path);
  Holder holder{program};
  for (const Name& name : names) holder.enter(name);
  Explanation all;
  all.walked = {holder.place(), names.empty() || names.back().kind == Kind::directory};
  all.found = found;
  const Terms& any = program.terms(holder.place(), subject);
  all.terms = found ? resolve(any, *found) : any;
  all.verdict = verdict_of(all.terms, mode);

  Program::Engine& engine = program.engine();
  Tracer tracer{engine, names};
  const PathState state = tracer.run();
  const Judge::Who who = engine.who_is(subject);
  for (const std::uint32_t known : state.units) {
    const std::uint32_t unit = unit_of(known);
    const auto applies = [&](std::uint16_t member) { return engine.judge().applies(unit, member); };
    if (std::ranges::none_of(who.members, applies)) continue;
    const Rule& rule = program.document().rules[unit];
    if (all.walked.directory && !rule.contents.empty()) continue;
    Match match{.rule = RuleId{unit},
                .role = Role::excepted,
                .won = {},
                .lost = {},
                .glob = {},
                .at = rule.at,
                .matched = {},
                .contents = engine.judge().contents(unit)};
    if (!is_matched(known) && !names_without_exceptions(rule, names)) continue;
    if (const auto by = tracer.first(unit, !is_matched(known))) {
      const GlobText& glob = rule.paths[by->hit.glob];
      match.glob = (glob.subtracts ? "!" : "") + glob.text;
      match.at = glob.at;
      match.matched = tracer.prefix(by->depth);
    }
    const bool counts =
        match.contents.empty() || (found.has_value() && !(match.contents & *found).empty());
    if (is_matched(known)) match.role = Role::if_found;
    if (is_matched(known) && counts) add_axes(all.terms, rule.values, match.rule, match);
    all.matches.push_back(std::move(match));
  }
  std::ranges::sort(all.matches, {}, [&](const Match& match) {
    return std::tuple{match.role, program.rule_name(match.rule)};
  });
  return all;
}

}  // namespace sluice::policy
