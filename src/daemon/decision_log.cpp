// SPDX-License-Identifier: MIT
#include "decision_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "sluice/wire/opcode_names.h"

namespace sluice::daemon {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string link_text(const std::string& link) {
  std::array<char, 4096> room{};
  const ssize_t size = ::readlink(link.c_str(), room.data(), room.size());
  return size > 0 ? std::string(room.data(), static_cast<std::size_t>(size)) : std::string{};
}

std::string time_text(std::int64_t nanoseconds) {
  const auto seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds),
                     nanoseconds % 1'000'000'000 / 1000);
}

}  // namespace

DecisionLog::DecisionLog(Ring ring, Fd file, std::string source,
                         std::shared_ptr<const policy::Program> program)
    : ring_{std::move(ring)},
      file_{std::move(file)},
      source_{std::move(source)},
      program_{std::move(program)} {}

Result<std::unique_ptr<DecisionLog>, Error> DecisionLog::make(
    Fd file, std::string source, std::shared_ptr<const policy::Program> program) {
  auto ring = Ring::make();
  if (!ring) return fail(Error::of("cannot make room for records", ring.error()));
  std::unique_ptr<DecisionLog> log{new DecisionLog{std::move(*ring), std::move(file),
                                                   std::move(source), std::move(program)}};
  auto drain = Drain::start(log->ring_, [raw = log.get()](auto decisions, std::uint64_t dropped) {
    raw->take(decisions, dropped);
  });
  if (!drain) return fail(Error::of("cannot start a thread for records", drain.error()));
  log->drain_ = std::move(*drain);
  return log;
}

DecisionLog::~DecisionLog() = default;

void DecisionLog::note(const guard::Decision& decision) noexcept { ring_.put(decision); }

void DecisionLog::stop() { drain_.reset(); }

// By the descriptor of the file below: nodes of files have no names of their own.
std::string DecisionLog::path_of(const guard::Decision& decision) const {
  std::string path;
  if (tree_ != nullptr) {
    if (const auto fd = tree_->path(decision.node)) {
      path = link_text(fmt::format("/proc/self/fd/{}", fd->get()));
    }
  }
  if (path == source_) {
    path.clear();
  } else if (path.starts_with(source_ + "/")) {
    path.erase(0, source_.size() + 1);
  } else {
    path = "?";  // without a name, or not where it was
  }
  if (!decision.name().empty()) {
    if (!path.empty()) path += '/';
    path += decision.name();
  }
  return path;
}

std::string DecisionLog::line_of(const guard::Decision& decision, const std::string& path) const {
  const ordered_json line{
      {"time", time_text(decision.time_ns)},
      {"subject", program_->subject_name(decision.subject)},
      {"uid", raw(decision.uid)},
      {"gid", raw(decision.gid)},
      {"pid", raw(decision.pid)},
      {"exe", link_text(fmt::format("/proc/{}/exe", raw(decision.pid)))},
      {"operation", wire::name(decision.operation)},
      {"path", path},
      {"mode", policy::name(decision.mode)},
      {"see", policy::name(decision.see)},
      {"read", policy::name(decision.read)},
      {"write", policy::name(decision.write)},
      {"log", policy::name(decision.log)},
      {"rule", program_->rule_name(decision.by)},
      {"face", decision.see == policy::See::yes && decision.error == 0 ? "native" : "none"},
      {"error", decision.error == 0 ? "" : name(Errno::from(decision.error))},
      {"microseconds", decision.microseconds}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

void DecisionLog::take(std::span<const guard::Decision> decisions, std::uint64_t dropped) {
  std::string lines;
  for (const guard::Decision& decision : decisions) {
    const std::string path = path_of(decision);
    if (file_) lines += line_of(decision, path);
    std::lock_guard lock{mutex_};
    Counts& counts = rules_[std::string{program_->rule_name(decision.by)}];
    if (decision.see == policy::See::no) {
      ++counts.hidden;
    } else if (decision.error != 0) {
      ++counts.refused;
    } else {
      ++counts.logged;
    }
    counts.last = path;
    if (decision.log == policy::Log::alarm) ++alarms_;
  }
  if (file_ && dropped > 0) lines += fmt::format("{{\"dropped\":{}}}\n", dropped);
  std::string_view left = lines;
  while (!left.empty()) {
    const ssize_t wrote =
        retry_interrupted([&] { return ::write(file_.get(), left.data(), left.size()); });
    if (wrote <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (left.empty()) return;
  std::lock_guard lock{mutex_};
  lost_ += static_cast<std::uint64_t>(std::ranges::count(left, '\n'));
}

json DecisionLog::summary() const {
  std::lock_guard lock{mutex_};
  json rules = json::array();
  Counts all;
  for (const auto& [rule, counts] : rules_) {
    rules.push_back({{"rule", rule},
                     {"refused", counts.refused},
                     {"hidden", counts.hidden},
                     {"logged", counts.logged},
                     {"last", counts.last}});
    all.refused += counts.refused;
    all.hidden += counts.hidden;
    all.logged += counts.logged;
  }
  return {{"refused", all.refused}, {"hidden", all.hidden},        {"logged", all.logged},
          {"alarms", alarms_},      {"dropped", ring_.dropped()},  {"lost", lost_},
          {"rules", std::move(rules)}};
}

}  // namespace sluice::daemon
