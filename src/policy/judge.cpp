// SPDX-License-Identifier: MIT
// From what matched to terms: on each axis the strictest value wins.
#include <algorithm>
#include <numeric>

#include "sluice/policy/engine.h"
#include "sluice/policy/whole.h"

namespace sluice::policy {

Judge::Judge(const Document& document) : document_{document}, contents_{contents_of(document)} {
  const auto& rules = document.rules;
  for (const Rule& rule : rules) {
    ContentSet& asks = asks_.emplace_back();
    for (const std::string& name : rule.contents) {
      if (const auto known = content(name)) asks.add(*known);
    }
  }
  for (const Rule& rule : rules) {
    std::vector<std::uint16_t>& who = who_.emplace_back();
    for (const std::string& name : rule.who) {
      const auto found = std::ranges::find(document.subjects, name, &SubjectSpec::name);
      const auto index = static_cast<std::size_t>(found - document.subjects.begin());
      who.push_back(static_cast<std::uint16_t>(index + kFirstSubject));
    }
    std::ranges::sort(who);
  }
  std::vector<std::uint32_t> order(rules.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {},
                    [&](std::uint32_t rule) { return std::string_view{rules[rule].id}; });
  rank_.resize(rules.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) rank_[order[i]] = i;
}

std::optional<ContentId> Judge::content(std::string_view name) const noexcept {
  const auto found = std::ranges::find(contents_, name, &ContentName::name);
  const auto index = static_cast<std::size_t>(found - contents_.begin());
  // The loader has made sure that there are no more.
  if (found == contents_.end() || index >= kMostContents) return std::nullopt;
  return static_cast<ContentId>(index);
}

bool Judge::applies(std::uint32_t rule, std::uint16_t member) const noexcept {
  return who_[rule].empty() || std::ranges::binary_search(who_[rule], member);
}

void Judge::add(Sum& sum, std::uint32_t rule) const noexcept {
  const Values& values = document_.rules[rule].values;
  sum.with = std::max(sum.with, document_.rules[rule].with);
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!values.has(axis)) continue;
    const std::uint8_t value = values.at(axis);
    const bool first = !sum.values.has(axis);
    const bool equal = !first && value == sum.values.at(axis);
    const bool wins =
        first || value > sum.values.at(axis) || (equal && is_first(RuleId{rule}, sum.won[i]));
    if (!wins) continue;
    sum.values.put(axis, value);
    sum.won[i] = static_cast<RuleId>(rule);
  }
}

void Judge::add(Sum& sum, const Values& values, RuleId by) noexcept {
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!values.has(axis)) continue;
    if (sum.values.has(axis) && values.at(axis) <= sum.values.at(axis)) continue;
    sum.values.put(axis, values.at(axis));
    sum.won[i] = by;
  }
}

// What is hidden cannot be opened, whatever else was said.
void Judge::close(Sum& sum) noexcept {
  if (sum.values.at(Axis::see) == 0) return;
  const auto take = [&](Axis axis, std::uint8_t strictest) {
    if (sum.values.at(axis) == strictest) return;
    sum.values.put(axis, strictest);
    sum.won[static_cast<std::size_t>(axis)] = sum.won[static_cast<std::size_t>(Axis::see)];
  };
  take(Axis::read, static_cast<std::uint8_t>(Read::deny));
  take(Axis::execute, static_cast<std::uint8_t>(Read::deny));
  take(Axis::write, static_cast<std::uint8_t>(Write::deny));
}

namespace {

Grant grant_by(const Values& values, With with) noexcept {
  Grant grant{.see = static_cast<See>(values.at(Axis::see)),
              .read = static_cast<Read>(values.at(Axis::read)),
              .execute = static_cast<Read>(values.at(Axis::execute)),
              .write = static_cast<Write>(values.at(Axis::write))};
  const bool redacts = grant.read == Read::redact || grant.execute == Read::redact;
  if (redacts) grant.with = with;
  return grant;
}

std::array<Log, 3> logs_by(const Values& values) noexcept {
  std::array<Log, 3> logs{};
  for (const Mode mode : kModes) {
    logs[static_cast<std::size_t>(mode)] = static_cast<Log>(values.at(log_axis_of(mode)));
  }
  return logs;
}

}  // namespace

Terms Judge::finish(Sum sum) noexcept {
  close(sum);
  Terms terms;
  terms.grant = grant_by(sum.values, sum.with);
  terms.content.nothing_found = terms.grant;
  terms.values = sum.values.value;
  terms.logs = logs_by(sum.values);
  terms.won = sum.won;
  return terms;
}

Judge::Sum Judge::sum_of(const UnitStates& units, std::uint16_t member,
                         ContentSet found) const noexcept {
  Sum sum{};
  sum.won.fill(kByDefault);
  for (const std::uint32_t state : units) {
    const std::uint32_t rule = unit_of(state);
    if (!is_matched(state) || !applies(rule, member)) continue;
    if (asks_[rule].empty() || !(asks_[rule] & found).empty()) add(sum, rule);
  }
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (sum.values.has(axis)) continue;
    sum.values.put(axis, document_.defaults.at(axis));
    const bool reads = axis == Axis::read || axis == Axis::execute;
    if (reads && document_.defaults.at(axis) == static_cast<std::uint8_t>(Read::redact)) {
      sum.with = std::max(sum.with, With::values);
    }
  }
  return sum;
}

// Tells whether `rule` is to be named rather than `other` for the same value.
bool Judge::is_first(RuleId rule, RuleId other) const noexcept {
  const auto a = static_cast<std::size_t>(rule), b = static_cast<std::size_t>(other);
  if (a >= rank_.size() || b >= rank_.size()) return a < b;
  return rank_[a] < rank_[b];
}

Judge::Sum Judge::sum_of(const UnitStates& units, const Who& who,
                         ContentSet found) const noexcept {
  Sum sum = sum_of(units, who.members.front(), found);
  for (const std::uint16_t member : std::span{who.members}.subspan(1)) {
    const Sum other = sum_of(units, member, found);
    sum.with = std::max(sum.with, other.with);
    for (std::size_t i = 0; i < kAxes; ++i) {
      const std::uint8_t mine = sum.values.value[i], its = other.values.value[i];
      if (its < mine || (its == mine && !is_first(other.won[i], sum.won[i]))) continue;
      sum.values.value[i] = its;
      sum.won[i] = other.won[i];
    }
  }
  if (who.unknown) {
    add(sum, document_.unknown_subject, kByUnknownSubject);
    if (document_.unknown_subject.at(Axis::read) == static_cast<std::uint8_t>(Read::redact)) {
      sum.with = With::all;
    }
  }
  return sum;
}

ContentSet Judge::contents_at(const UnitStates& units, const Who& who) const noexcept {
  ContentSet contents;
  for (const std::uint32_t state : units) {
    const std::uint32_t rule = unit_of(state);
    const auto applies_to = [&](std::uint16_t member) { return applies(rule, member); };
    if (!is_matched(state) || asks_[rule].empty()) continue;
    if (std::ranges::any_of(who.members, applies_to)) contents = contents | asks_[rule];
  }
  return contents;
}

// More found never grants more: where nothing is found holds here as well.
void Judge::add_content(Terms& terms, const Sum& base, Sum with, ContentId content) const {
  for (std::size_t i = 0; i < kAxes; ++i) {
    if (with.values.value[i] > base.values.value[i]) continue;
    with.values.value[i] = base.values.value[i];
    with.won[i] = base.won[i];
  }
  close(with);
  const Grant grant = grant_by(with.values, with.with);
  if (grant == terms.grant && with.values.value == base.values.value) return;
  if (grant != terms.grant) terms.content.if_found.push_back({content, grant});
  terms.if_found.push_back({content, with.values.value, logs_by(with.values), with.won});
}

Terms Judge::terms(const UnitStates& units, const Who& who) const {
  Sum base = sum_of(units, who, {});
  close(base);
  Terms terms = finish(base);
  const ContentSet contents = contents_at(units, who);
  contents.each([&](ContentId content) {
    ContentSet found;
    found.add(content);
    add_content(terms, base, sum_of(units, who, found), content);
  });
  if (terms.if_found.empty()) return terms;
  const auto without_answer = [&](ContentId content, const Values& values, RuleId by) {
    Sum sum = base;
    add(sum, values, by);
    add_content(terms, base, sum, content);
  };
  without_answer(kTooBig, document_.content.too_big, kByTooBig);
  without_answer(kTimedOut, document_.content.on_timeout, kByTimeout);
  without_answer(kFailed, document_.content.on_error, kByError);
  return terms;
}

Terms Judge::strictest(const Who& who) const {
  Sum sum{};
  sum.values = document_.defaults;
  for (std::uint32_t rule = 0; rule < document_.rules.size(); ++rule) {
    const auto applies_to = [&](std::uint16_t member) { return applies(rule, member); };
    if (std::ranges::any_of(who.members, applies_to))
      add(sum, document_.rules[rule].values, kByLimit);
  }
  if (who.unknown) add(sum, document_.unknown_subject, kByLimit);
  sum.won.fill(kByLimit);
  // What there is to be found is not asked here; so all goes.
  sum.with = With::all;
  return finish(sum);
}

}  // namespace sluice::policy
