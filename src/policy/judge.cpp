// SPDX-License-Identifier: MIT
// From what matched to terms: on each axis the strictest value wins. Rules about contents are
// summed up for each content apart, and can only add to what the others say.
#include <algorithm>
#include <numeric>
#include <utility>

#include "sluice/policy/content_names.h"
#include "sluice/policy/engine.h"

namespace sluice::policy {

Judge::Judge(const Document& document) : document_{document} {
  const auto& rules = document.rules;
  for (const Rule& rule : rules) {
    std::vector<std::uint16_t>& who = who_.emplace_back();
    if (!rule.who.empty() && speaks_of(rule.who, "anyone")) {
      who.push_back(static_cast<std::uint16_t>(kAnyone));
    }
    for (std::size_t i = 0; i < document.subjects.size() && !rule.who.empty(); ++i) {
      if (!speaks_of(rule.who, document.subjects[i].name)) continue;
      who.push_back(static_cast<std::uint16_t>(i + kFirstSubject));
    }
  }
  std::vector<std::uint32_t> order(rules.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {},
                    [&](std::uint32_t rule) { return std::string_view{rules[rule].id}; });
  rank_.resize(rules.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) rank_[order[i]] = i;

  const auto names = content_names(document);
  for (const Rule& rule : rules) {
    ContentSet& contents = contents_.emplace_back();
    for (const std::string& name : rule.contents) {
      if (const auto content = find_content(names, name)) contents.add(*content);
    }
    looks_ |= !contents.empty();
  }
  const ContentDefaults& ends = document.content;
  const auto unanswered = [&](ContentId content, const Values& values, RuleId by) {
    IfFound& each = unanswered_.emplace_back(IfFound{content, values, {}});
    each.won.fill(by);
  };
  unanswered(kTooBig, ends.too_big, kByTooBig);
  unanswered(kTimedOut, ends.on_timeout, kByTimeout);
  unanswered(kFailed, ends.on_error, kByError);
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
  std::array<RuleId, kAxes> won;
  won.fill(by);
  raise(sum, values, won);
}

void Judge::add_found(Found& found, std::uint32_t rule) const {
  for (const ContentId content : contents_[rule]) {
    auto at = std::ranges::find(found, content, &IfFound::content);
    if (at == found.end()) at = found.insert(found.end(), IfFound{content, {}, {}});
    Sum sum{at->values, at->won};
    add(sum, rule);
    at->values = sum.values;
    at->won = sum.won;
  }
}

Terms Judge::finish(Sum sum, Found found) const {
  settle(sum);
  Terms terms;
  terms.grant = grant_in(sum.values);
  // Nothing that was read from a policy says to redact without saying what.
  if (redacts(terms.grant) && terms.grant.with == With::nothing) {
    sum.values.put(Axis::with, static_cast<std::uint8_t>(With::all));
    terms.grant.with = With::all;
  }
  for (const Mode mode : kModes) {
    terms.logs[static_cast<std::size_t>(mode)] = static_cast<Log>(sum.values.at(log_axis_of(mode)));
  }
  terms.won = sum.won;
  terms.content.nothing_found = terms.grant;
  terms.id = id_of(terms.grant);
  if (!found.empty()) finish_contents(sum, std::move(found), terms);
  return terms;
}

// Keeps what makes a difference. What cannot be opened at all is not looked into.
void Judge::finish_contents(const Sum& sum, Found found, Terms& terms) const {
  const Grant& base = terms.grant;
  const bool shut =
      base.read == Read::deny && base.execute == Read::deny && base.write == Write::deny;
  if (shut) return;
  const auto add_one = [&](const IfFound& each) {
    Sum with = sum;
    raise(with, each.values, each.won);
    settle(with);
    const Grant grant = grant_in(with.values);
    // What is redacted by path already has more redacted by this.
    constexpr auto kRedact = static_cast<std::uint8_t>(Read::redact);
    const bool own =
        each.values.at(Axis::read) == kRedact || each.values.at(Axis::execute) == kRedact;
    const bool more = own && redacts(base) && redacts(grant) && base.with != With::all;
    if (with.values == sum.values && !more) return;
    terms.if_found.push_back(each);
    if (grant != base || more) terms.content.if_found.push_back({each.content, grant});
  };
  std::ranges::sort(found, {}, &IfFound::content);
  for (const IfFound& each : found) add_one(each);
  if (terms.if_found.empty()) return;
  if (terms.content.depends()) {
    for (const IfFound& each : unanswered_) add_one(each);
    return;
  }
  // Only what is recorded depends on contents: what could not be looked into is recorded as if all
  // were in it.
  Sum all;
  for (const IfFound& each : found) raise(all, each.values, each.won);
  for (const ContentId end : {kTooBig, kTimedOut, kFailed}) {
    terms.if_found.push_back({end, all.values, all.won});
  }
}

Sum Judge::sum_of(const UnitStates& units, std::uint16_t member) const noexcept {
  Sum sum{};
  sum.won.fill(kByDefault);
  for (const std::uint32_t state : units) {
    const std::uint32_t rule = unit_of(state);
    if (is_matched(state) && contents_[rule].empty() && applies(rule, member)) add(sum, rule);
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
  Found found;
  if (!looks_) return finish(sum, std::move(found));
  for (const std::uint32_t state : units) {
    const std::uint32_t rule = unit_of(state);
    if (!is_matched(state) || contents_[rule].empty()) continue;
    const auto applies_to = [&](std::uint16_t member) { return applies(rule, member); };
    if (std::ranges::any_of(who.members, applies_to)) add_found(found, rule);
  }
  return finish(sum, std::move(found));
}

Terms Judge::strictest(const Who& who) const {
  Sum sum{};
  sum.values = document_.defaults;
  Found found;
  for (std::uint32_t rule = 0; rule < document_.rules.size(); ++rule) {
    const auto applies_to = [&](std::uint16_t member) { return applies(rule, member); };
    if (std::ranges::none_of(who.members, applies_to)) continue;
    if (contents_[rule].empty()) {
      add(sum, document_.rules[rule].values, kByLimit);
    } else {
      add_found(found, rule);
    }
  }
  if (who.unknown) add(sum, document_.unknown_subject, kByLimit);
  sum.won.fill(kByLimit);
  for (IfFound& each : found) each.won.fill(kByLimit);
  return finish(sum, std::move(found));
}

}  // namespace sluice::policy
