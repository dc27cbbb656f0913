// SPDX-License-Identifier: MIT
#include "sluice/policy/content.h"

#include <algorithm>

namespace sluice::policy {
namespace {

bool redacts(const Grant& grant) noexcept {
  return grant.read == Read::redact || grant.execute == Read::redact;
}

// What `grant` gives where this alone is found.
Grant alone(const ContentGrant& grant, ContentId content) noexcept {
  const auto found = std::ranges::find(grant.if_found, content, &GrantIfFound::content);
  return found == grant.if_found.end() ? grant.nothing_found : found->grant;
}

bool loosens_redaction(const Grant& from, const Grant& to) noexcept {
  return redacts(from) && redacts(to) && to.with < from.with;
}

}  // namespace

Grant strictest_of(const Grant& a, const Grant& b) noexcept {
  return {.see = std::max(a.see, b.see),
          .read = std::max(a.read, b.read),
          .execute = std::max(a.execute, b.execute),
          .write = std::max(a.write, b.write),
          .with = std::max(a.with, b.with)};
}

Grant at(const ContentGrant& grant, ContentSet found) noexcept {
  Grant all = grant.nothing_found;
  for (const GrantIfFound& each : grant.if_found) {
    if (found.has(each.content)) all = strictest_of(all, each.grant);
  }
  return all;
}

ContentGrant strictest_of(const ContentGrant& a, const ContentGrant& b) {
  ContentGrant all{strictest_of(a.nothing_found, b.nothing_found), {}};
  ContentSet contents;
  for (const ContentGrant* grant : {&a, &b}) {
    for (const GrantIfFound& each : grant->if_found) contents.add(each.content);
  }
  contents.each([&](ContentId content) {
    const Grant joined = strictest_of(alone(a, content), alone(b, content));
    if (joined != all.nothing_found) all.if_found.push_back({content, joined});
  });
  return all;
}

// Each function is the strictest of what it gives for one thing found at a time; so it is enough to
// look at these.
bool loosens(const ContentGrant& from, const ContentGrant& to) noexcept {
  const auto looser = [](const Grant& a, const Grant& b) {
    return loosens(a, b) || loosens_redaction(a, b);
  };
  if (looser(from.nothing_found, to.nothing_found)) return true;
  return std::ranges::any_of(from.if_found, [&](const GrantIfFound& each) {
    return looser(each.grant, alone(to, each.content));
  });
}

ContentSet redacted_for(const ContentGrant& grant, ContentSet found) noexcept {
  ContentSet contents;
  for (const GrantIfFound& each : grant.if_found) {
    if (found.has(each.content) && each.content < kTooBig && redacts(each.grant)) {
      contents.add(each.content);
    }
  }
  return contents;
}

ContentSet asked_by(const ContentGrant& grant) noexcept {
  ContentSet contents;
  for (const GrantIfFound& each : grant.if_found) {
    if (each.content < kTooBig) contents.add(each.content);
  }
  return contents;
}

}  // namespace sluice::policy
