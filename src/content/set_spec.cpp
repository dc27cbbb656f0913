// SPDX-License-Identifier: MIT
#include "sluice/content/set_spec.h"

#include <algorithm>

#include "sluice/content/code.h"
#include "sluice/inspect/detectors.h"
#include "sluice/policy/digest.h"

namespace sluice::content {
namespace {

using inspect::Allowlist;
using inspect::Required;
using inspect::Rule;

// To be raised whenever the same set would find something else: what is looked into, and how far.
constexpr std::uint32_t kFindsVersion = 1;

bool is_about_paths(const std::vector<Allowlist>& allowlists) noexcept {
  return std::ranges::any_of(allowlists, [](const Allowlist& one) { return !one.paths.empty(); });
}

}  // namespace

std::size_t SetSpec::detectors() const noexcept {
  return kind == Kind::text ? rules.rules.size() : 1;
}

std::string_view SetSpec::detector(std::size_t number) const noexcept {
  if (kind != Kind::text) return name;
  return number < rules.rules.size() ? std::string_view{rules.rules[number].id} : "?";
}

std::optional<std::uint32_t> SetSpec::find(std::string_view detector_id) const noexcept {
  for (std::size_t i = 0; i < detectors(); ++i) {
    if (detector(i) == detector_id) return static_cast<std::uint32_t>(i);
  }
  return std::nullopt;
}

bool depends_on_path(const SetSpec& spec) noexcept {
  if (spec.kind != SetSpec::Kind::text) return spec.kind == SetSpec::Kind::manifest;
  return is_about_paths(spec.rules.allowlists) ||
         std::ranges::any_of(spec.rules.rules, [](const Rule& rule) {
           return !rule.path.empty() || is_about_paths(rule.allowlists);
         });
}

Digest32 digest_of(const SetSpec& spec) {
  CodeWriter out;
  out.number(kFindsVersion);
  out.word(spec.kind);
  out.text(spec.name);
  if (spec.kind == SetSpec::Kind::text) out.raw(inspect::digest_of({spec.rules}));
  out.text(spec.text);
  for (const inspect::Kind type : spec.types) out.text(inspect::name(type));
  out.number(spec.size);
  return policy::digest_of(std::move(out).finish());
}

}  // namespace sluice::content
