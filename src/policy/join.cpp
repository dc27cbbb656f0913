// SPDX-License-Identifier: MIT
#include "sluice/policy/join.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "sluice/policy/content_names.h"

namespace sluice::policy {

using toml_text::Position;

namespace {

bool same_proofs(const SubjectSpec& a, const SubjectSpec& b) {
  return a.run_as == b.run_as && a.uids == b.uids && a.gids == b.gids && a.users == b.users &&
         a.groups == b.groups && a.units == b.units && a.cgroups == b.cgroups && a.exes == b.exes;
}

// Puts what an included file's defaults say where the including file says nothing itself; tells
// whether another included file has not said something else.
bool fill(const Values& from, const Values& own, Values& into) {
  bool agree = true;
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!from.has(axis) || own.has(axis)) continue;
    agree &= !into.has(axis) || into.at(axis) == from.at(axis);
    into.put(axis, from.at(axis));
  }
  return agree;
}

// Puts what an included file says of inspections that give no answer where the including file says
// nothing; tells whether another one has not said something else.
bool fill(const Document& from, const ContentDefaults& own, bool own_deadline, bool own_too_big,
          Document& into) {
  const ContentDefaults& ends = from.content;
  bool agree = fill(ends.on_error, own.on_error, into.content.on_error);
  agree &= fill(ends.on_timeout, own.on_timeout, into.content.on_timeout);
  if (from.says_deadline && !own_deadline) {
    agree &= !into.says_deadline || into.content.deadline == ends.deadline;
    into.content.deadline = ends.deadline;
    into.says_deadline = true;
  }
  if (from.says_too_big && !own_too_big) {
    agree &= !into.says_too_big || (into.content.too_big_over == ends.too_big_over &&
                                    into.content.too_big == ends.too_big);
    into.content.too_big_over = ends.too_big_over;
    into.content.too_big = ends.too_big;
    into.says_too_big = true;
  }
  return agree;
}

// Where a set of detectors of this name was defined, and what it finds.
struct Defined {
  Location at;
  const ImportSpec* import = nullptr;
  const DetectorSpec* detector = nullptr;
};
std::optional<Defined> defined(const Document& document, std::string_view set) {
  const auto import = std::ranges::find(document.imports, set, &ImportSpec::as);
  if (import != document.imports.end()) return Defined{import->at, &*import, nullptr};
  const auto detector = std::ranges::find(document.detectors, set, &DetectorSpec::name);
  if (detector == document.detectors.end()) return std::nullopt;
  return Defined{detector->at, nullptr, &*detector};
}
bool same_findings(const Defined& a, const Defined& b) {
  if (a.import != nullptr && b.import != nullptr) return same_findings(*a.import, *b.import);
  const bool both = a.detector != nullptr && b.detector != nullptr;
  return both && same_findings(*a.detector, *b.detector);
}

}  // namespace

void join(const Reading& reading, Position at, Document included, const Own& own, Document& into) {
  const auto by_include = [&](const Location& place) { return place.file != reading.index; };
  for (SubjectSpec& subject : included.subjects) {
    const auto known = std::ranges::find(into.subjects, subject.name, &SubjectSpec::name);
    if (known == into.subjects.end()) {
      into.subjects.push_back(std::move(subject));
    } else if (by_include(known->at) && !same_proofs(*known, subject)) {
      reading.error(at,
                    fmt::format("two included files differ about the subject `{}`; say here who it"
                                " is",
                                subject.name));
    }
  }
  const auto is_new = [&](std::string_view set) {
    const auto known = defined(into, set);
    if (known && by_include(known->at) && !same_findings(*known, *defined(included, set))) {
      reading.error(at,
                    fmt::format("two included files differ about the detectors {}; say here what"
                                " they are",
                                quoted(set)));
    }
    return !known;
  };
  for (ImportSpec& import : included.imports) {
    if (is_new(import.as)) into.imports.push_back(std::move(import));
  }
  for (DetectorSpec& detector : included.detectors) {
    if (is_new(detector.name)) into.detectors.push_back(std::move(detector));
  }
  bool agree = fill(included.defaults, own.values, into.defaults);
  agree &= fill(included.unknown_subject, own.unknown_subject, into.unknown_subject);
  agree &= fill(included, own.content, own.says_deadline, own.says_too_big, into);
  if (included.says_hard_links && !own.says_hard_links) {
    agree &= !into.says_hard_links || into.hard_links == included.hard_links;
    into.hard_links = included.hard_links;
    into.says_hard_links = true;
  }
  if (!agree) reading.error(at, "two included files differ in [default]; say here what holds");
  for (const auto list : {&RunSpec::keep_env, &RunSpec::drop_env, &RunSpec::sockets,
                          &RunSpec::writable, &RunSpec::devices}) {
    std::ranges::move(included.run.*list, std::back_inserter(into.run.*list));
  }
  std::ranges::move(included.rules, std::back_inserter(into.rules));
  std::ranges::move(included.nevers, std::back_inserter(into.nevers));
}

}  // namespace sluice::policy
