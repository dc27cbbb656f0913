// SPDX-License-Identifier: MIT
// From what matched to terms: on each axis the strictest value wins.
#include <algorithm>
#include <numeric>

#include "sluice/policy/engine.h"

namespace sluice::policy {

Judge::Judge(const Document& document) : document_{document} {
  const auto& rules = document.rules;
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

bool Judge::applies(std::uint32_t rule, std::uint16_t member) const noexcept {
  return who_[rule].empty() || std::ranges::binary_search(who_[rule], member);
}

void Judge::add(Sum& sum, std::uint32_t rule) const noexcept {
  const Values& values = document_.rules[rule].values;
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
Terms Judge::finish(Sum sum) noexcept {
  const auto take = [&](Axis axis, std::uint8_t strictest) {
    const auto i = static_cast<std::size_t>(axis);
    if (sum.values.at(Axis::see) == 0 || sum.values.at(axis) == strictest)
      return sum.values.at(axis);
    sum.won[i] = sum.won[static_cast<std::size_t>(Axis::see)];
    return strictest;
  };
  constexpr auto kDenyRead = static_cast<std::uint8_t>(Read::deny);
  constexpr auto kDenyWrite = static_cast<std::uint8_t>(Write::deny);
  Terms terms;
  terms.grant = {.see = static_cast<See>(sum.values.at(Axis::see)),
                 .read = static_cast<Read>(take(Axis::read, kDenyRead)),
                 .execute = static_cast<Read>(take(Axis::execute, kDenyRead)),
                 .write = static_cast<Write>(take(Axis::write, kDenyWrite))};
  for (const Mode mode : kModes) {
    terms.logs[static_cast<std::size_t>(mode)] = static_cast<Log>(sum.values.at(log_axis_of(mode)));
  }
  terms.id = id_of(terms.grant);
  terms.won = sum.won;
  return terms;
}

Judge::Sum Judge::sum_of(const UnitStates& units, std::uint16_t member) const noexcept {
  Sum sum{};
  sum.won.fill(kByDefault);
  for (const std::uint32_t state : units) {
    if (is_matched(state) && applies(unit_of(state), member)) add(sum, unit_of(state));
  }
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!sum.values.has(axis)) sum.values.put(axis, document_.defaults.at(axis));
  }
  return sum;
}

// Tells whether `rule` is to be named rather than `other` for the same value.
bool Judge::is_first(RuleId rule, RuleId other) const noexcept {
  const auto a = static_cast<std::size_t>(rule), b = static_cast<std::size_t>(other);
  if (a >= rank_.size() || b >= rank_.size()) return a < b;
  return rank_[a] < rank_[b];
}

Terms Judge::terms(const UnitStates& units, const Who& who) const {
  Sum sum = sum_of(units, who.members.front());
  for (const std::uint16_t member : std::span{who.members}.subspan(1)) {
    const Sum other = sum_of(units, member);
    for (std::size_t i = 0; i < kAxes; ++i) {
      const std::uint8_t mine = sum.values.value[i], its = other.values.value[i];
      if (its < mine || (its == mine && !is_first(other.won[i], sum.won[i]))) continue;
      sum.values.value[i] = its;
      sum.won[i] = other.won[i];
    }
  }
  if (who.unknown) add(sum, document_.unknown_subject, kByUnknownSubject);
  return finish(sum);
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
  return finish(sum);
}

}  // namespace sluice::policy
