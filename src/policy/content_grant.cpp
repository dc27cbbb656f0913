// SPDX-License-Identifier: MIT
#include "sluice/policy/content_grant.h"

#include <algorithm>

namespace sluice::policy {
namespace {

ContentSet entries_of(const ContentGrant& grant) noexcept {
  ContentSet all;
  for (const GrantIfFound& each : grant.if_found) all.add(each.content);
  return all;
}

bool redacts_alone(const ContentGrant& grant, ContentId content) noexcept {
  return !redacted_for(grant, {content}).empty();
}

}  // namespace

Grant at(const ContentGrant& grant, ContentSet found) noexcept {
  Grant sum = grant.nothing_found;
  for (const GrantIfFound& each : grant.if_found) {
    if (found.has(each.content)) sum = strictest_of(sum, each.grant);
  }
  return sum;
}

ContentSet asked_by(const ContentGrant& grant) noexcept { return entries_of(grant).named(); }

ContentSet redacted_for(const ContentGrant& grant, ContentSet found) noexcept {
  ContentSet redacted;
  for (const GrantIfFound& each : grant.if_found) {
    if (is_named(each.content) && found.has(each.content) && redacts(each.grant)) {
      redacted.add(each.content);
    }
  }
  return redacted;
}

ContentGrant strictest_of(const ContentGrant& a, const ContentGrant& b) {
  ContentGrant sum{strictest_of(a.nothing_found, b.nothing_found), {}};
  const Grant& base = sum.nothing_found;
  ContentSet named;
  for (const ContentId content : entries_of(a) | entries_of(b)) {
    const Grant grant = strictest_of(at(a, {content}), at(b, {content}));
    const bool more = redacts(grant) && base.with != With::all &&
                      (redacts_alone(a, content) || redacts_alone(b, content));
    if (grant == base && !more) continue;
    // How inspections end comes last, and is of no interest where nothing is looked for.
    if (!is_named(content) && named.empty()) continue;
    if (is_named(content)) named.add(content);
    sum.if_found.push_back({content, grant});
  }
  return sum;
}

bool loosens(const ContentGrant& from, const ContentGrant& to) noexcept {
  if (loosens(from.nothing_found, to.nothing_found)) return true;
  // It is enough to look at each content alone: what is found together has the strictest of each.
  for (const ContentId content : entries_of(from) | entries_of(to)) {
    const Grant before = at(from, {content}), after = at(to, {content});
    if (loosens(before, after)) return true;
    // A file has one redacted face for all that makes it redacted; what is found must be gone from
    // it, whichever mode the rule was about.
    const bool shut = after.read == Read::deny && after.execute == Read::deny;
    const bool blank = redacts(after) && after.with == With::all;
    if (redacts_alone(from, content) && !shut && !blank && !redacts_alone(to, content)) return true;
  }
  return false;
}

}  // namespace sluice::policy
