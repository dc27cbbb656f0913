// SPDX-License-Identifier: MIT
// A run from its options to its tables. What is made is owned by objects that take it back, in this
// order: the targets unmount, then the scratch directory goes, then the signals are given back.
#include "sluice/bench/bench.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "sluice/bench/environment.h"
#include "sluice/bench/fio.h"
#include "sluice/bench/html.h"
#include "sluice/bench/json.h"
#include "sluice/bench/lower_target.h"
#include "sluice/bench/peer_target.h"
#include "sluice/bench/plan.h"
#include "sluice/bench/policy_text.h"
#include "sluice/bench/process.h"
#include "sluice/bench/progress.h"
#include "sluice/bench/sluice_target.h"
#include "sluice/bench/table.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

Result<Settings, Error> settings_of(const Config& config) {
  Settings settings;
  if (config.extent == Extent::quick) {
    settings = {.runtime = 500ms, .data_file_bytes = 128u << 20, .walk_files = 20'000};
  }
  settings.contents = config.contents;
  settings.rounds = config.repeat.value_or(settings.rounds);
  settings.runtime = config.runtime.value_or(settings.runtime);
  if (settings.rounds < 1 || settings.rounds > 1000) {
    return fail(Error{"--repeat takes a number from 1 to 1000", EINVAL});
  }
  if (settings.runtime < 10ms || settings.runtime > 10min) {
    return fail(Error{"--runtime takes from 0.01 to 600 seconds", EINVAL});
  }
  return settings;
}

// An output that cannot be written should be known before the measuring and not after it.
Result<void, Error> check_writable(const std::string& path) {
  if (path.empty()) return {};
  Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  if (file) return {};
  return fail(Error::of(fmt::format("cannot write `{}`", path), Errno::last()));
}

Result<void, Error> write_file(const std::string& path, std::string_view content) {
  if (path.empty()) return {};
  Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  while (file && !content.empty()) {
    ssize_t got =
        retry_interrupted([&] { return ::write(file.get(), content.data(), content.size()); });
    if (got < 0) break;
    content.remove_prefix(static_cast<std::size_t>(got));
  }
  if (file && content.empty()) return {};
  return fail(Error::of(fmt::format("cannot write `{}`", path), Errno::last()));
}

// Gives `name`, numbered when another target has it.
std::string unlike_others(const Targets& targets, const std::string& name) {
  std::string candidate = name;
  for (int number = 2;; ++number) {
    if (std::ranges::find(targets, candidate, &Target::name) == targets.end()) return candidate;
    candidate = fmt::format("{} {}", name, number);
  }
}

// Makes the columns, one after another.
class Columns {
 public:
  Columns(const Config& config, const Scratch& scratch, const std::string& source)
      : config_{config}, scratch_{scratch}, source_{source} {}

  Result<Targets, Error> make() {
    targets_.push_back(std::make_unique<LowerTarget>(source_));
    if (!config_.sluice_program.empty()) {
      TRY(add_sluice("sluice", {}));
      TRY(add_sluice("no passthrough", {"--no-passthrough"}));
      const std::string subject = config_.subject.empty() ? "anyone" : config_.subject;
      for (const std::string& policy : config_.policies) {
        TRY(add_sluice(policy_name(policy), {"--policy", policy, "--as", subject}));
      }
      for (const unsigned rules : config_.rules) {
        const std::string file = fmt::format("{}/rules-{}.toml", scratch_.path(), rules);
        TRY(write_file(file, policy_of(rules)));
        TRY(add_sluice(fmt::format("{} rule{}", rules, rules == 1 ? "" : "s"),
                       {"--policy", file, "--as", "anyone"}));
      }
    }
    if (config_.contents && !config_.sluice_program.empty()) TRY(add_contents());
    for (const std::string& command : config_.peers) TRY(add_peer(command));
    return std::move(targets_);
  }

 private:
  Result<void, Error> add_sluice(const std::string& name, std::vector<std::string> options,
                                 std::string why_read_only = {}) {
    targets_.push_back(std::make_unique<SluiceTarget>(
        unlike_others(targets_, name), config_.sluice_program, source_, TRY(mount_point()),
        std::move(options), std::move(why_read_only)));
    return {};
  }

  Result<void, Error> add_contents() {
    const std::string file = scratch_.path() + "/contents.toml";
    TRY(write_file(file, contents_policy()));
    TRY(write_file(fmt::format("{}/{}", scratch_.path(), kManifestName), contents_manifest()));
    return add_sluice("redacted", {"--policy", file, "--as", "anyone"},
                      "a redacted file cannot be written");
  }

  Result<void, Error> add_peer(const std::string& command) {
    PeerPlan plan{.command = command,
                  .source = source_,
                  .mount_point = TRY(mount_point()),
                  .log_file = fmt::format("{}/peer{}.log", scratch_.path(), targets_.size())};
    const std::string name = TRY(peer_name(command));
    targets_.push_back(
        std::make_unique<PeerTarget>(unlike_others(targets_, name), std::move(plan)));
    return {};
  }

  Result<std::string, Error> mount_point() const {
    return scratch_.subdirectory(fmt::format("mnt{}", targets_.size()));
  }

  // The last part of its path.
  static std::string policy_name(const std::string& policy) {
    return policy.substr(policy.rfind('/') + 1);
  }

  const Config& config_;
  const Scratch& scratch_;
  const std::string& source_;
  Targets targets_;
};

std::string version_of(const std::string& program) {
  if (program.empty()) return {};
  auto finished = run_process(Command{.arguments = {program, "--version"}, .timeout = 10s});
  return finished && finished->exit_code == 0
             ? last_line(finished->out.substr(0, finished->out.find('\n')))
             : "unknown";
}

// Runs the steps; a stop ends them and is noted in the report.
Result<void, Error> run_steps(const std::vector<Step>& steps, Session& session) {
  std::chrono::duration<double> expected{};
  for (const Step& step : steps) expected += step.expected;
  Progress progress{steps.size(), expected};
  for (const Step& step : steps) {
    progress.begin(step.label, step.expected);
    auto done = step.run(session);
    if (int signal = StopSignals::received(); signal != 0) {
      session.report.stopped_by = signal;
      return {};
    }
    if (!done) return done;
  }
  return {};
}

Result<void, Error> tear_down(const Targets& targets) {
  Result<void, Error> first;
  for (const auto& target : targets) {
    auto done = target->teardown();
    if (!done && first) first = std::move(done);
  }
  return first;
}

Report measure_nothing_yet(const Settings& settings, const Targets& targets) {
  Report report{.rounds = settings.rounds,
                .runtime = settings.runtime,
                .data_file_bytes = settings.data_file_bytes};
  for (const auto& target : targets) {
    report.targets.push_back(target->name());
    if (!target->notes().empty()) report.notes[target->name()] = target->notes();
  }
  return report;
}

int exit_code(const Report& report) {
  if (report.stopped_by != 0) return 128 + report.stopped_by;
  bool failed = std::ranges::any_of(report.cells, [](const Cell& cell) {
    return std::ranges::any_of(cell.series,
                               [](const Series& s) { return s.missing == Missing::failed; });
  });
  for (const Requests& requests : report.requests) {
    for (const auto& seen : requests.seen) failed = failed || !seen.failure.empty();
  }
  return failed ? 1 : 0;
}

struct Prepared {
  Settings settings = {};
  std::vector<Step> steps = {};
  std::string fio = {};
};

// Everything that can be refused before anything is made.
Result<Prepared, Error> prepare(const Config& config) {
  Prepared prepared{.settings = TRY(settings_of(config))};
  for (const std::string& command : config.peers) TRY(peer_name(command));
  bool sluice = !config.sluice_program.empty();
  prepared.steps = plan(
      config.extent, config.only, prepared.settings,
      1 + config.peers.size() +
          (sluice ? 2 + config.policies.size() + config.rules.size() + (config.contents ? 1 : 0)
                  : 0),
      sluice ? Counting::yes : Counting::no);
  if (prepared.steps.empty()) {
    return fail(Error{fmt::format("no cell is called `{}`; names are like `{}`", config.only,
                                  "Data: 4 KiB randread, psync, cold"),
                      EINVAL});
  }
  if (std::ranges::any_of(prepared.steps, &Step::needs_fio)) prepared.fio = TRY(fio_version());
  TRY(check_writable(config.json_path));
  TRY(check_writable(config.html_path));
  return prepared;
}

Result<Report, Error> measure(const Config& config, Prepared& prepared) {
  Scratch scratch = TRY(Scratch::make(config.directory));
  std::string source = TRY(scratch.subdirectory("src"));
  if (std::ranges::any_of(prepared.steps, &Step::needs_data_file)) {
    std::uint64_t wanted = prepared.settings.data_file_bytes;
    prepared.settings.data_file_bytes = TRY(data_file_size(scratch.path(), wanted));
  }
  Targets targets = TRY(Columns(config, scratch, source).make());
  for (const auto& target : targets) TRY(target->setup());
  Report report = measure_nothing_yet(prepared.settings, targets);
  report.environment = look_around(source.substr(0, scratch.path().rfind('/')));
  report.environment.fio = prepared.fio;
  report.environment.sluice = version_of(config.sluice_program);
  Session session{.settings = prepared.settings,
                  .scratch = scratch,
                  .source = source,
                  .targets = targets,
                  .report = report};
  auto done = run_steps(prepared.steps, session);
  auto torn_down = tear_down(targets);
  if (!done) return fail(done.error());
  if (!torn_down) return fail(torn_down.error());
  return report;
}

}  // namespace

Result<int, Error> run(const Config& config) {
  StopSignals signals;
  Prepared prepared = TRY(prepare(config));
  auto report = measure(config, prepared);
  if (!report && StopSignals::received() != 0) return 128 + StopSignals::received();
  if (!report) return fail(report.error());
  fmt::print("{}", print(*report, config.format));
  std::fflush(stdout);
  TRY(write_file(config.json_path, as_json(*report)));
  TRY(write_file(config.html_path, as_html(*report)));
  return exit_code(*report);
}

}  // namespace sluice::bench
