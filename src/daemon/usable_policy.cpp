// SPDX-License-Identifier: MIT
#include "sluice/daemon/usable_policy.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "policy_cache.h"
#include "sluice/daemon/policy_file.h"
#include "sluice/daemon/policy_tests.h"
#include "sluice/policy/presets.h"

namespace sluice::daemon {
namespace {

using Clock = std::chrono::steady_clock;
using Opened = std::expected<UsablePolicy, policy::Diagnostics>;

Result<PolicyCache, Error> usual_cache(const OutsideMount& files) {
  return PolicyCache::open(files.below(TRY(PolicyCache::usual_folder())));
}

// Compiles, and asks the policy what it asks of itself.
Opened compile_and_test(policy::Source source, const policy::Resolver& resolver) {
  auto document = policy::load(std::move(source), resolver);
  if (!document) return std::unexpected{std::move(document).error()};
  auto program = policy::compile(std::move(*document));
  if (!program) return std::unexpected{std::move(program).error()};
  policy::Diagnostics failures = policy::failures_of(*program, run_policy_tests(*program));
  if (!failures.empty()) return std::unexpected{std::move(failures)};
  return UsablePolicy{.program = std::move(*program)};
}

Opened by_way_of_the_cache(policy::Source source, const OutsideMount& files) {
  const policy::Resolver resolver = files_beside(files);
  const auto cache = usual_cache(files);
  if (!cache) {
    auto opened = compile_and_test(std::move(source), resolver);
    if (opened) opened->cache_trouble = cache.error().line();
    return opened;
  }
  const std::string key = PolicyCache::key_of(source);
  if (auto found = cache->find(key, resolver)) {
    return UsablePolicy{.program = std::move(*found), .compiled = Compiled::cached};
  }
  Inclusions inclusions;
  auto opened = compile_and_test(std::move(source), inclusions.noting(resolver));
  if (!opened) return opened;
  const auto kept = cache->keep(key, inclusions.all(), opened->program);
  if (!kept) opened->cache_trouble = kept.error().line();
  return opened;
}

// The policy with more rules: one that includes it. It stands beside it, so that what the policy
// includes is found, and by the same name as long as it says the same.
policy::Source with_rules(const std::string& name, const std::string& rules) {
  const bool preset = policy::preset(name).has_value();
  const std::size_t folder = preset ? 0 : name.rfind('/') + 1;  // npos + 1 is 0
  std::string quoted;
  for (const char c : name.substr(folder)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return {name.substr(0, folder) + "sluice-run",
          fmt::format("version = 1\n[[include]]\n{} = \"{}\"\n{}", preset ? "preset" : "file",
                      quoted, rules)};
}

}  // namespace

Result<std::string, Error> cache_folder() { return PolicyCache::usual_folder(); }

Opened open_usable(const PolicyWish& wish) {
  const auto since = Clock::now();
  auto source = wish.more_rules.empty()
                    ? read_policy(wish.name, wish.files)
                    : Result<policy::Source, Error>{with_rules(wish.name, wish.more_rules)};
  if (!source) return std::unexpected{diagnostics_of(source.error())};
  auto opened = by_way_of_the_cache(std::move(*source), wish.files);
  if (!opened) return opened;
  // Asked each time: what is true of this machine is not kept.
  policy::Diagnostics wrong =
      unproved(opened->program.document(), wish.callers, policy::Severity::error);
  if (!wrong.empty()) return std::unexpected{std::move(wrong)};
  opened->took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - since);
  return opened;
}

nlohmann::json json_of(const policy::Diagnostics& diagnostics) {
  nlohmann::json all = nlohmann::json::array();
  for (const policy::Diagnostic& one : diagnostics) {
    nlohmann::json object{
        {"severity", one.severity == policy::Severity::error ? "error" : "warning"},
        {"text", one.text}};
    if (!one.file.empty()) object["file"] = one.file;
    if (one.line != 0) object["line"] = one.line;
    if (one.column != 0) object["column"] = one.column;
    all.push_back(std::move(object));
  }
  return all;
}

}  // namespace sluice::daemon
