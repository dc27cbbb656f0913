// SPDX-License-Identifier: MIT
#include "live_policy.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "sluice/daemon/policy_file.h"

namespace sluice::daemon {

using nlohmann::json;

namespace {

// From one reload to the next. The kernel looks a path up again once: an open that two reloads fall
// into is answered ESTALE.
constexpr std::chrono::milliseconds kRest{100};

double milliseconds(std::chrono::microseconds took) {
  return static_cast<double>(took.count()) / 1000;
}

std::string_view word(Compiled compiled) { return compiled == Compiled::cold ? "cold" : "cached"; }

}  // namespace

Result<LivePolicy::Start, Error> LivePolicy::start_of(const Config& config,
                                                      const UsablePolicy& opened) {
  Start start{.name = config.policy,
              .path = TRY(policy_for_later(config.policy)),
              .subject = {},
              .observe = config.observe,
              .compiled = opened.compiled,
              .took = opened.took,
              .cache_trouble = opened.cache_trouble};
  if (!config.subject.empty()) start.subject = TRY(subject_for(opened.program, config.subject));
  return start;
}

std::expected<UsablePolicy, policy::Diagnostics> LivePolicy::open(const std::string& name) const {
  const Callers callers = now_.subject.empty() ? Callers::told_apart : Callers::bound;
  return open_usable({.name = name, .callers = callers, .files = mount_.files});
}

json LivePolicy::refused(const std::string& name, const policy::Diagnostics& why) {
  std::vector<std::string> lines;
  for (const policy::Diagnostic& one : why) lines.push_back(one.line_text());
  const std::lock_guard lock{mutex_};
  last_refusal_ = lines;
  return {{"ok", false}, {"policy", name}, {"diagnostics", json_of(why)}, {"lines", lines}};
}

json LivePolicy::take_over(const std::string& name, UsablePolicy opened) {
  const auto kept = std::make_shared<const UsablePolicy>(std::move(opened));
  const std::shared_ptr<const policy::Program> program{kept, &kept->program};
  const auto contents = contents_for(program, kept->detection);
  std::this_thread::sleep_until(last_ + kRest);
  last_ = std::chrono::steady_clock::now();
  // Before the first decision by it can be noted.
  mount_.decisions.expect(program);
  const auto done = mount_.guard.reload({program, contents}, &mount_.notifier);
  if (!done) {
    mount_.decisions.withdraw();
    return refused(name, diagnostics_of(done.error()));
  }
  json open = json::array();
  for (const NodeId node : done->open) open.push_back(mount_.names.path_of(node));
  const std::lock_guard lock{mutex_};
  mount_.contents = contents;
  if (name != now_.path) now_.name = name;
  now_.path = name;
  now_.compiled = kept->compiled;
  now_.took = kept->took;
  now_.cache_trouble = kept->cache_trouble;
  ++reloads_;
  last_refusal_.clear();
  return {{"ok", true},
          {"policy", now_.name},
          {"compiled", word(now_.compiled)},
          {"milliseconds", milliseconds(now_.took)},
          {"directories", done->directories},
          {"files", done->files},
          {"open_files", done->open_files},
          {"open", std::move(open)}};
}

json LivePolicy::reload(const std::string& name) {
  const std::lock_guard serial{reload_mutex_};
  const std::string wanted = name.empty() ? now_.path : name;
  auto opened = open(wanted);
  if (!opened) return refused(wanted, opened.error());
  return take_over(wanted, std::move(*opened));
}

Result<json, Error> LivePolicy::answer(const json& request) {
  const auto named = request.find("policy");
  if (named == request.end()) return reload();
  if (!named->is_string()) return fail(Error{"`policy` is a text", EINVAL});
  return reload(named->get<std::string>());
}

std::vector<std::string> LivePolicy::hang_up() {
  std::vector<std::string> told;
  if (const auto done = mount_.decisions.reopen(mount_.files); !done) {
    told.push_back(done.error().line());
  }
  const json answer = reload();
  if (answer["ok"].get<bool>()) {
    told.push_back(
        fmt::format("the policy `{}` was read again", answer["policy"].get<std::string>()));
    return told;
  }
  for (const json& line : answer["lines"]) told.push_back(line.get<std::string>());
  told.push_back("the policy that was in use stays");
  return told;
}

namespace {

json contents_json(content::FileContents& contents) {
  const content::Verdicts::Stats verdicts = contents.verdicts().stats();
  const content::Faces::Stats faces = contents.faces().stats();
  std::string trouble = contents.trouble();
  if (trouble.empty()) trouble = contents.verdicts().trouble();
  return {{"inspected", verdicts.inspected},
          {"from_memory", verdicts.from_memory},
          {"from_file", verdicts.from_file},
          {"written_meanwhile", verdicts.written_meanwhile},
          {"later", verdicts.later},
          {"faces", faces.faces},
          {"faces_made", faces.made},
          {"memory_bytes", faces.memory},
          {"spilled_bytes", faces.spilled},
          {"limit_bytes", content::FacesLimits{}.memory},
          {"trouble", trouble}};
}

}  // namespace

json LivePolicy::status() const {
  const policy::Stats stats = mount_.guard.program()->stats();
  const guard::Stats guarded = mount_.guard.stats();
  const std::lock_guard lock{mutex_};
  json object{{"name", now_.name},
              {"subject", now_.subject},
              {"told_apart", now_.subject.empty()},
              {"enforced", !now_.observe},
              {"compiled", word(now_.compiled)},
              {"milliseconds", milliseconds(now_.took)},
              {"reloads", reloads_},
              {"places",
               {{"known", stats.places},
                {"held", stats.held},
                {"bytes", stats.bytes},
                {"limit_bytes", policy::Limits{}.bytes},
                {"strictest", stats.strictest}}},
              {"linked_files", guarded.linked_files},
              {"folding_directories", guarded.folding_directories},
              {"decisions", mount_.decisions.summary()}};
  if (mount_.contents != nullptr) object["contents"] = contents_json(*mount_.contents);
  if (!now_.cache_trouble.empty()) object["cache_trouble"] = now_.cache_trouble;
  if (!last_refusal_.empty()) object["last_refusal"] = last_refusal_;
  return object;
}

}  // namespace sluice::daemon
