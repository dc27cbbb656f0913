// SPDX-License-Identifier: MIT
#include "decision_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "sluice/wire/opcode_names.h"

namespace sluice::daemon {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string time_text(std::int64_t nanoseconds) {
  const auto seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds),
                     nanoseconds % 1'000'000'000 / 1000);
}

std::int64_t now_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

std::string_view rule_of(const policy::Program* program, policy::RuleId rule) {
  if (rule == guard::kByOtherNames) return "other-names";
  return program == nullptr ? "?" : program->rule_name(rule);
}

}  // namespace

DecisionLog::DecisionLog(Ring ring, LogFile file, std::string source,
                         std::shared_ptr<const policy::Program> program)
    : ring_{std::move(ring)}, file_{std::move(file)}, source_{std::move(source)} {
  programs_.emplace_back(std::uint16_t{0}, std::move(program));
}

Result<std::unique_ptr<DecisionLog>, Error> DecisionLog::make(
    LogFile file, std::string source, std::shared_ptr<const policy::Program> program) {
  auto ring = Ring::make();
  if (!ring) return fail(Error::of("cannot make room for records", ring.error()));
  std::unique_ptr<DecisionLog> log{
      new DecisionLog{std::move(*ring), std::move(file), std::move(source), std::move(program)}};
  auto drain = Drain::start(log->ring_, [raw = log.get()](auto decisions, std::uint64_t dropped) {
    raw->take(decisions, dropped);
  });
  if (!drain) return fail(Error::of("cannot start a thread for records", drain.error()));
  log->drain_ = std::move(*drain);
  return log;
}

DecisionLog::~DecisionLog() = default;

namespace {

std::string_view face_of(guard::Shows shows) {
  switch (shows) {
    case guard::Shows::redacted: return "redacted";
    case guard::Shows::snapshot: return "snapshot";
    case guard::Shows::lower: break;
  }
  return "native";
}

// Names of what the file contained, of what the policy asks about.
json found_in(const guard::Decision& decision, const policy::Program* program) {
  json names = json::array();
  for (const policy::ContentId content : decision.found) {
    names.push_back(program == nullptr ? "?" : program->content_name(content));
  }
  return names;
}

}  // namespace

void DecisionLog::note(const guard::Decision& decision) noexcept { ring_.put(decision); }

void DecisionLog::stop() { drain_.reset(); }

void DecisionLog::expect(std::shared_ptr<const policy::Program> program) {
  const std::lock_guard lock{mutex_};
  const auto next = static_cast<std::uint16_t>(programs_.back().first + 1);
  programs_.emplace_back(next, std::move(program));
  if (programs_.size() > kPrograms) programs_.pop_front();
}

void DecisionLog::withdraw() {
  const std::lock_guard lock{mutex_};
  if (programs_.size() > 1) programs_.pop_back();
}

// Empty where so many programs came since that this one is forgotten.
std::shared_ptr<const policy::Program> DecisionLog::program_of(
    const guard::Decision& decision) const {
  const std::lock_guard lock{mutex_};
  for (const auto& [number, program] : programs_) {
    if (number == decision.program) return program;
  }
  return nullptr;
}

// No request is under way while programs change, so that records come in their order.
void DecisionLog::forget_before(std::uint16_t program) {
  const std::lock_guard lock{mutex_};
  const auto is_it = [&](const auto& each) { return each.first == program; };
  const auto found = std::ranges::find_if(programs_, is_it);
  if (found != programs_.end()) programs_.erase(programs_.begin(), found);
}

std::string DecisionLog::path_of(const guard::Decision& decision) const {
  std::string path = names_ ? names_->path_of(decision.node) : "?";
  if (!decision.name().empty()) {
    if (!path.empty()) path += '/';
    path += decision.name();
  }
  return path;
}

std::string DecisionLog::line_of(const guard::Decision& decision, const policy::Program* program,
                                 const std::string& path) {
  const auto rule = [&](std::size_t axis) { return rule_of(program, decision.rules[axis]); };
  const bool done = decision.error == 0 || !decision.enforced;
  const ordered_json line{
      {"time", time_text(decision.time_ns)},
      {"subject", program == nullptr ? "?" : program->subject_name(decision.subject)},
      {"uid", raw(decision.uid)},
      {"gid", raw(decision.gid)},
      {"pid", raw(decision.pid)},
      {"exe", exes_.exe_of(decision.pid, decision.time_ns)},
      {"operation", wire::name(decision.operation)},
      {"path", path},
      {"mode", policy::name(decision.mode)},
      {"see", policy::name(decision.see)},
      {"read", policy::name(decision.read)},
      {"write", policy::name(decision.write)},
      {"log", policy::name(decision.log)},
      {"rule", rule_of(program, decision.by)},
      {"rules",
       ordered_json{{"see", rule(0)}, {"read", rule(1)}, {"write", rule(2)}, {"log", rule(3)}}},
      {"face", done ? face_of(decision.shows) : "none"},
      {"found", found_in(decision, program)},
      {"error", decision.error == 0 ? "" : name(Errno::from(decision.error))},
      {"enforced", decision.enforced},
      {"microseconds", decision.microseconds},
      {"reloads", decision.program}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

void DecisionLog::count(const guard::Decision& decision, const policy::Program* program,
                        const std::string& path) {
  const std::lock_guard lock{mutex_};
  Counts& counts = rules_[std::string{rule_of(program, decision.by)}];
  if (decision.see == policy::See::no) {
    ++counts.hidden;
  } else if (decision.error != 0) {
    ++counts.refused;
  } else if (decision.shows == guard::Shows::redacted) {
    ++counts.redacted;
  } else {
    ++counts.logged;
  }
  counts.last = path;
  if (decision.log == policy::Log::alarm) ++alarms_;
}

void DecisionLog::take(std::span<const guard::Decision> decisions, std::uint64_t dropped) {
  std::string lines;
  exes_.renew();
  for (const guard::Decision& decision : decisions) {
    const std::string path = path_of(decision);
    const auto program = program_of(decision);
    if (file_) lines += line_of(decision, program.get(), path);
    count(decision, program.get(), path);
  }
  if (!decisions.empty()) forget_before(decisions.back().program);
  if (!file_) return;
  if (dropped > 0) {
    lines += fmt::format("{{\"time\":\"{}\",\"dropped\":{}}}\n", time_text(now_ns()), dropped);
  }
  if (const std::uint64_t lost = file_.append(lines); lost > 0) {
    const std::lock_guard lock{mutex_};
    lost_ += lost;
  }
}

json DecisionLog::summary() const {
  std::lock_guard lock{mutex_};
  json rules = json::array();
  Counts all;
  for (const auto& [rule, counts] : rules_) {
    rules.push_back({{"rule", rule},
                     {"refused", counts.refused},
                     {"hidden", counts.hidden},
                     {"redacted", counts.redacted},
                     {"logged", counts.logged},
                     {"last", counts.last}});
    all.refused += counts.refused;
    all.hidden += counts.hidden;
    all.redacted += counts.redacted;
    all.logged += counts.logged;
  }
  return {{"refused", all.refused},   {"hidden", all.hidden},       {"redacted", all.redacted},
          {"logged", all.logged},
          {"alarms", alarms_},        {"dropped", ring_.dropped()}, {"lost", lost_},
          {"rules", std::move(rules)}};
}

}  // namespace sluice::daemon
