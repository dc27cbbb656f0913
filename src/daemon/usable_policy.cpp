// SPDX-License-Identifier: MIT
#include "sluice/daemon/usable_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy_cache.h"
#include "sluice/content/find_inspector.h"
#include "sluice/content/local_looker.h"
#include "sluice/daemon/policy_file.h"
#include "sluice/policy/presets.h"

namespace sluice::daemon {
namespace {

using Clock = std::chrono::steady_clock;
using Opened = std::expected<UsablePolicy, policy::Diagnostics>;

Result<PolicyCache, Error> usual_cache(const OutsideMount& files) {
  return PolicyCache::open(files.below(TRY(PolicyCache::usual_folder())));
}

// Tells whether somebody has to look into files for the policy.
bool looks_into_files(const policy::Program& program) {
  const policy::Document& document = program.document();
  const auto redacts = [](const policy::Values& values) {
    const auto redact = static_cast<std::uint8_t>(policy::Read::redact);
    return (values.has(policy::Axis::read) && values.at(policy::Axis::read) == redact) ||
           (values.has(policy::Axis::execute) && values.at(policy::Axis::execute) == redact);
  };
  return !program.contents().empty() || redacts(document.defaults) ||
         redacts(document.unknown_subject) ||
         std::ranges::any_of(document.rules,
                             [&](const policy::Rule& rule) { return redacts(rule.values); });
}

// Compiles, and asks the policy what it asks of itself.
Opened compile_and_test(policy::Source source, const policy::Resolver& resolver) {
  auto document = policy::load(std::move(source), resolver);
  if (!document) return std::unexpected{std::move(document).error()};
  auto program = policy::compile(std::move(*document));
  if (!program) return std::unexpected{std::move(program).error()};
  auto detection = detection_of(*program);
  if (!detection) return std::unexpected{std::move(detection).error()};
  policy::Diagnostics failures = policy::failures_of(*program, run_tests(*program, *detection));
  if (!failures.empty()) return std::unexpected{std::move(failures)};
  return UsablePolicy{.program = std::move(*program), .detection = std::move(*detection)};
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
    const auto saved = cache->find_detectors(found->document().content_hash);
    auto detection = detection_of(*found, saved);
    if (!detection) return std::unexpected{std::move(detection).error()};
    return UsablePolicy{.program = std::move(*found),
                        .detection = std::move(*detection),
                        .compiled = Compiled::cached};
  }
  Inclusions inclusions;
  auto opened = compile_and_test(std::move(source), inclusions.noting(resolver));
  if (!opened) return opened;
  const auto kept = cache->keep(key, inclusions.all(), opened->program);
  if (!kept) opened->cache_trouble = kept.error().line();
  if (kept && opened->detection != nullptr) {
    cache->keep_detectors(opened->program.document().content_hash, opened->detection->save());
  }
  return opened;
}

// The policy with more rules: one that includes it. It stands beside it, so that what the policy
// includes is found, and by the same name as long as it says the same.
policy::Source with_rules(const PolicyWish& wish) {
  const std::string& name = wish.name;
  const bool preset = policy::preset(name).has_value();
  const std::size_t folder = preset ? 0 : name.rfind('/') + 1;  // npos + 1 is 0
  std::string quoted;
  for (const char c : name.substr(folder)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return {name.substr(0, folder) + "sluice-run",
          fmt::format("version = 1\n[[include]]\n{} = \"{}\"\n{}{}", preset ? "preset" : "file",
                      quoted, wish.include_keys, wish.more_rules)};
}

}  // namespace

std::expected<Detection, policy::Diagnostics> detection_of(const policy::Program& program,
                                                           Bytes saved) {
  if (!looks_into_files(program)) return nullptr;
  return content::Detection::make(program, saved);
}

std::vector<policy::TestResult> run_tests(const policy::Program& program,
                                          const Detection& detection) {
  if (detection == nullptr) return policy::run_tests(program);
  content::LocalLooker looker{detection, program};
  return policy::run_tests(program, &looker);
}

std::shared_ptr<content::FileContents> contents_for(std::shared_ptr<const policy::Program> program,
                                                    const Detection& detection,
                                                    content::FileContentsOptions options) {
  if (detection == nullptr) return nullptr;
  if (const auto folder = cache_folder(); folder && options.verdicts.cache_file.empty()) {
    options.verdicts.cache_file = *folder + "/verdicts.sqlite";
    if (options.faces.spill_folder.empty()) options.faces.spill_folder = *folder + "/faces";
  }
  if (options.inspector.program.empty()) {
    // Where it is not to be found, whoever asks for workers is told.
    options.inspector.program = content::find_inspector().value_or("sluice-inspector");
  }
  return std::make_shared<content::FileContents>(std::move(program), detection, std::move(options));
}

Result<std::string, Error> cache_folder() { return PolicyCache::usual_folder(); }

Opened open_usable(const PolicyWish& wish) {
  const auto since = Clock::now();
  const bool is_plain = wish.more_rules.empty() && wish.include_keys.empty();
  auto source = is_plain ? read_policy(wish.name, wish.files)
                         : Result<policy::Source, Error>{with_rules(wish)};
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
