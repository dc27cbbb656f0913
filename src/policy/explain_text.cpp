// SPDX-License-Identifier: MIT
// Explanations in words, and what differs between two programs.
#include <fmt/format.h>

#include <algorithm>

#include "sluice/policy/content_names.h"
#include "sluice/policy/explain.h"
#include "sluice/policy/sum.h"

namespace sluice::policy {
namespace {

std::string position(const Program& program, Location at) {
  const auto& files = program.document().files;
  return fmt::format("{}:{}", at.file < files.size() ? files[at.file] : "?", at.line);
}

std::string words(const std::vector<Axis>& axes) {
  std::string all;
  for (const Axis axis : axes) all += fmt::format("{}{}", all.empty() ? "" : ", ", name(axis));
  return all;
}

std::string words(const Program& program, ContentSet contents, std::string_view between) {
  std::string all;
  for (const ContentId content : contents) {
    all += fmt::format("{}{}", all.empty() ? "" : between, quoted(program.content_name(content)));
  }
  return all;
}

// What a rule says, such as "read redact, write deny".
std::string words(const Values& values) {
  std::string all;
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!values.has(axis)) continue;
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", name(axis),
                       value_name(axis, values.at(axis)));
  }
  return all;
}

std::string line_of(const Program& program, const Match& match, std::optional<ContentSet> found) {
  const Rule& rule = program.document().rules[static_cast<std::size_t>(match.rule)];
  std::string text = fmt::format("  {}: ", program.rule_name(match.rule));
  if (match.role == Role::if_found) {
    const std::string contents = words(program, match.contents, " or ");
    text += found ? fmt::format("no {} in it; ", contents)
                  : fmt::format("if it contains {}: {}; ", contents, words(rule.values));
  } else if (match.role != Role::excepted && !match.contents.empty()) {
    text += fmt::format("it contains {}; ",
                        words(program, match.contents & found.value_or(ContentSet{}), " and "));
  }
  if (!match.won.empty()) text += fmt::format("won {}; ", words(match.won));
  if (!match.lost.empty()) text += fmt::format("lost {}; ", words(match.lost));
  text += match.role == Role::excepted ? "excepted by " : "by ";
  text += match.glob.empty() ? "every path" : quoted(match.glob);
  text += fmt::format(" at {}", position(program, match.at));
  if (!match.matched.empty()) text += fmt::format(" on {}", quoted(match.matched));
  return text + (rule.why.empty() ? "\n" : fmt::format(" ({})\n", rule.why));
}

// Tells whether a set of detectors is written alike in both; what it finds in a file is then the
// same.
bool same_set(const Document& a, const Document& b, const std::string& set) {
  const auto import_a = std::ranges::find(a.imports, set, &ImportSpec::as);
  const auto import_b = std::ranges::find(b.imports, set, &ImportSpec::as);
  if (import_a != a.imports.end() && import_b != b.imports.end()) {
    return same_findings(*import_a, *import_b);
  }
  const auto own_a = std::ranges::find(a.detectors, set, &DetectorSpec::name);
  const auto own_b = std::ranges::find(b.detectors, set, &DetectorSpec::name);
  if (own_a != a.detectors.end() && own_b != b.detectors.end()) {
    return same_findings(*own_a, *own_b);
  }
  return set == kBuiltinSet || set == kPositionsSet;
}

// Tells whether each content makes the same of `terms` as that of the same name makes of the other
// program's.
bool same_for_contents(const Program& program, const Terms& terms, const Program& other,
                       const Terms& other_terms) {
  return std::ranges::all_of(terms.if_found, [&](const IfFound& each) {
    const Effect here = effect_of(terms, {each.content});
    if (!is_named(each.content)) return here == effect_of(other_terms, {each.content});
    const std::string_view name = program.content_name(each.content);
    const auto& names = other.contents();
    const auto there = std::ranges::find(names, name, &ContentName::name);
    if (there == names.end()) return here == effect_of(other_terms, {});
    const auto id = static_cast<ContentId>(there - names.begin());
    return here == effect_of(other_terms, {id}) &&
           same_set(program.document(), other.document(), there->set);
  });
}

}  // namespace

std::string text_of(const Program& program, const Explanation& explanation, Mode mode) {
  const Verdict& verdict = explanation.verdict;
  std::string text = fmt::format(
      "see {}, read {}, execute {}, write {}, log {}: {} is {} by {}\n", name(verdict.see),
      name(explanation.terms.grant.read), name(explanation.terms.grant.execute),
      name(verdict.write), name(verdict.log), name(mode),
      verdict.refuses(mode) ? "refused" : "given", quoted(program.rule_name(verdict.by)));
  if (explanation.found && !program.contents().empty()) {
    const std::string found = words(program, *explanation.found, ", ");
    text += fmt::format("  found in it: {}\n", found.empty() ? "nothing" : found);
  }
  for (const Match& match : explanation.matches) {
    text += line_of(program, match, explanation.found);
  }
  return text;
}

Difference compare(const Program& before, Place place_before, const Program& after,
                   Place place_after, std::string_view subject, Kind kind) noexcept {
  const SubjectIndex old_subject = before.subject(subject).value_or(kAnyone);
  const SubjectIndex new_subject = after.subject(subject).value_or(kAnyone);
  Difference difference{before.terms(place_before, old_subject),
                        after.terms(place_after, new_subject), false};
  const Terms& old_terms = difference.before;
  const Terms& new_terms = difference.after;
  difference.changed = effect_of(old_terms, {}) != effect_of(new_terms, {});
  if (difference.changed || kind == Kind::directory) return difference;
  difference.changed = !same_for_contents(before, old_terms, after, new_terms) ||
                       !same_for_contents(after, new_terms, before, old_terms);
  return difference;
}

}  // namespace sluice::policy
