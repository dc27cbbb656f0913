// SPDX-License-Identifier: MIT
// From terms to what holds for one file and one open.
#include "sluice/policy/terms.h"

#include "sluice/policy/sum.h"

namespace sluice::policy {
namespace {

constexpr std::size_t index_of(Axis axis) noexcept { return static_cast<std::size_t>(axis); }

// The terms as they are without contents, as values.
Sum sum_of(const Terms& terms) noexcept {
  Sum sum;
  const auto put = [&](Axis axis, auto value) {
    sum.values.put(axis, static_cast<std::uint8_t>(value));
  };
  put(Axis::see, terms.grant.see);
  put(Axis::read, terms.grant.read);
  put(Axis::execute, terms.grant.execute);
  put(Axis::write, terms.grant.write);
  put(Axis::with, terms.grant.with);
  for (const Mode mode : kModes) put(log_axis_of(mode), terms.log(mode));
  sum.won = terms.won;
  return sum;
}

}  // namespace

void raise(Sum& sum, const Values& other, const std::array<RuleId, kAxes>& won) noexcept {
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!other.has(axis)) continue;
    if (sum.values.has(axis) && other.at(axis) <= sum.values.at(axis)) continue;
    sum.values.put(axis, other.at(axis));
    sum.won[i] = won[i];
  }
}

void settle(Sum& sum) noexcept {
  const auto set = [&](Axis axis, std::uint8_t strictest, Axis because) {
    if (sum.values.at(axis) == strictest) return;
    sum.values.put(axis, strictest);
    sum.won[index_of(axis)] = sum.won[index_of(because)];
  };
  constexpr auto kDenyRead = static_cast<std::uint8_t>(Read::deny);
  constexpr auto kDenyWrite = static_cast<std::uint8_t>(Write::deny);
  constexpr auto kRedact = static_cast<std::uint8_t>(Read::redact);
  if (sum.values.at(Axis::see) != 0) {
    set(Axis::read, kDenyRead, Axis::see);
    set(Axis::execute, kDenyRead, Axis::see);
    set(Axis::write, kDenyWrite, Axis::see);
  }
  for (const Axis axis : {Axis::read, Axis::execute}) {
    if (sum.values.at(axis) == kRedact) set(Axis::write, kDenyWrite, axis);
  }
  if (sum.values.at(Axis::read) == kRedact || sum.values.at(Axis::execute) == kRedact) return;
  sum.values.put(Axis::with, 0);
  sum.won[index_of(Axis::with)] = kByDefault;
}

Grant grant_in(const Values& values) noexcept {
  return {.see = static_cast<See>(values.at(Axis::see)),
          .read = static_cast<Read>(values.at(Axis::read)),
          .execute = static_cast<Read>(values.at(Axis::execute)),
          .write = static_cast<Write>(values.at(Axis::write)),
          .with = static_cast<With>(values.at(Axis::with))};
}

ContentSet Terms::asks() const noexcept {
  ContentSet all;
  for (const IfFound& each : if_found) all.add(each.content);
  return all.named();
}

Terms resolve(const Terms& terms, ContentSet found) noexcept {
  Sum sum = sum_of(terms);
  for (const IfFound& each : terms.if_found) {
    if (found.has(each.content)) raise(sum, each.values, each.won);
  }
  settle(sum);
  Terms resolved;
  resolved.id = terms.id;
  resolved.grant = grant_in(sum.values);
  resolved.content.nothing_found = resolved.grant;
  resolved.won = sum.won;
  for (const Mode mode : kModes) {
    resolved.logs[static_cast<std::size_t>(mode)] =
        static_cast<Log>(sum.values.at(log_axis_of(mode)));
  }
  return resolved;
}

Verdict verdict_of(const Terms& terms, Mode mode) noexcept {
  const Axis axis = terms.grant.see == See::no ? Axis::see : axis_of(mode);
  return {.see = terms.grant.see,
          .read = mode == Mode::execute ? terms.grant.execute : terms.grant.read,
          .write = terms.grant.write,
          .log = terms.log(mode),
          .by = terms.winner(axis)};
}

Effect effect_of(const Terms& terms, ContentSet found) noexcept {
  const Terms resolved = resolve(terms, found);
  return {resolved.grant, resolved.logs, !redacted_for(terms.content, found).empty()};
}

bool same_effect(const Terms& a, const Terms& b) noexcept {
  if (a.grant != b.grant || a.logs != b.logs) return false;
  ContentSet contents;
  for (const Terms* each : {&a, &b}) {
    for (const IfFound& one : each->if_found) contents.add(one.content);
  }
  for (const ContentId content : contents) {
    if (effect_of(a, {content}) != effect_of(b, {content})) return false;
  }
  return true;
}

}  // namespace sluice::policy
