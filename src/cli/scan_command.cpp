// SPDX-License-Identifier: MIT
// Finds out, ahead of time, what a policy wants to know of the files in a directory, and tells what
// was found. What was found is kept, so that a mount need not look again.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "commands.h"
#include "findings_text.h"
#include "policy_text.h"
#include "progress_bar.h"
#include "scan_tree.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"
#include "sluice/daemon/usable_policy.h"

namespace sluice::cli {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kHelp =
    R"(usage: sluice scan [--policy POLICY] [--as SUBJECT] [options] DIR

Looks into each file below DIR of which the policy asks what it contains, and
tells what was found and where; never what it is. The answers are kept, so that
a mount or a run under the same policy opens these files without looking again.
What did not change since the last time is not looked into.

Options
  --policy POLICY       a file, or the name of a preset; else `agent`
  --as SUBJECT          only what is asked for this subject; else for anybody
  --threads N           how many files at a time; else one for each processor
  --fail                exit with 1 if anything was found
  --quiet               only the sum of it
  --json                the same for programs

Examples
  sluice scan ~/project
  sluice scan --policy gallery --as viewer ~/photos

Exit status: 0 done, 1 something could not be done (or, with --fail, was
found), 2 wrong usage.
)";

struct Asked {
  std::string policy = "agent";
  std::string as;
  std::string tree;
  unsigned threads = 0;
  bool fails = false, quiet = false, as_json = false;
};

// Something was found in a file, or nothing can be said about it.
struct Line {
  std::string path;
  std::vector<std::string> places;  // "3: builtin:aws-access-key"
  std::string trouble;
  FindingsData data{};
};

struct Outcome {
  std::vector<Line> lines;
  std::map<std::string, std::uint64_t> detectors;  // files in which each found something
  std::uint64_t with_findings = 0, unknown = 0, unread = 0, read = 0;
};

class Gather {
 public:
  explicit Gather(const content::Detection& detection) : detection_{detection} {}

  void take(Scanned&& scanned) {
    Line line{.path = scanned.job->path, .places = {}, .trouble = std::move(scanned.unread)};
    if (!line.trouble.empty()) {
      ++outcome_.unread;
      outcome_.lines.push_back(std::move(line));
      return;
    }
    if (!scanned.known.kept) ++outcome_.read;
    bool found = false, unknown = false;
    for (const auto& [set, findings] : scanned.known.findings) {
      if (findings == nullptr) continue;
      add(set, *findings, line);
      found = found || findings->found();
      unknown = unknown || findings->outcome != content::Outcome::whole;
      if (findings->outcome != content::Outcome::whole) {
        line.trouble = fmt::format("{}: {}", detection_.set_name(set), why_of(*findings));
      }
    }
    outcome_.with_findings += found ? 1 : 0;
    outcome_.unknown += unknown ? 1 : 0;
    if (found || unknown) outcome_.lines.push_back(std::move(line));
  }

  Outcome finish() && {
    std::ranges::sort(outcome_.lines, {}, &Line::path);
    return std::move(outcome_);
  }

 private:
  void add(content::SetIndex set, const content::Findings& findings, Line& line) {
    const std::string_view of = detection_.set_name(set);
    for (const std::string& detector : findings.detectors) {
      ++outcome_.detectors[full_name(of, detector)];
    }
    for (std::string& place : places_of(of, findings)) line.places.push_back(std::move(place));
    line.data.add(of, findings);
  }

  const content::Detection& detection_;
  Outcome outcome_;
};

Result<daemon::Parsed, Error> parse(const Arguments& arguments, Asked& asked) {
  CLI::App app;
  app.add_option("DIR", asked.tree);
  app.add_option("--policy", asked.policy)->take_last();
  app.add_option("--as", asked.as)->take_last();
  app.add_option("--threads", asked.threads)->take_last()->check(CLI::Range(1u, 256u));
  app.add_flag("--fail", asked.fails);
  app.add_flag("-q,--quiet", asked.quiet);
  app.add_flag("--json", asked.as_json);
  const daemon::Parsed parsed = TRY(daemon::parse(app, arguments));
  if (parsed != daemon::Parsed::help && asked.tree.empty()) {
    return fail(Error{"say which directory: `sluice scan DIR`", EINVAL});
  }
  if (asked.threads == 0) asked.threads = std::max(1u, std::thread::hardware_concurrency());
  return parsed;
}

Result<std::vector<policy::SubjectIndex>, Error> subjects_of(const policy::Program& program,
                                                             const std::string& as) {
  if (!as.empty()) return std::vector{TRY(subject_of(program, as))};
  std::vector<policy::SubjectIndex> all{policy::kAnyone};
  for (std::size_t i = 0; i < program.document().subjects.size(); ++i) {
    all.push_back(static_cast<policy::SubjectIndex>(i + policy::kFirstSubject));
  }
  return all;
}

void print_text(const Asked& asked, const ScanPlan& plan, const Outcome& outcome,
                std::chrono::duration<double> took) {
  if (!asked.quiet) {
    for (const Line& line : outcome.lines) {
      for (const std::string& place : line.places) {
        fmt::print("{}:{}\n", daemon::printable(line.path), place);
      }
      if (!line.trouble.empty()) {
        fmt::print("{}: {}\n", daemon::printable(line.path), daemon::printable(line.trouble));
      }
    }
    for (const std::string& unread : plan.unread) {
      fmt::print("{}\n", daemon::printable(unread));
    }
  }
  std::vector<std::string> found;
  for (const auto& [detector, files] : outcome.detectors) {
    found.push_back(fmt::format("{} {}", detector, files));
  }
  fmt::print("{} files, {} in {:.1f} s ({}/s); {} looked into, {} known before\n", plan.jobs.size(),
             size_text(plan.bytes), took.count(),
             size_text(static_cast<std::uint64_t>(static_cast<double>(plan.bytes) /
                                                  std::max(took.count(), 1e-3))),
             outcome.read, plan.jobs.size() - outcome.unread - outcome.read);
  fmt::print("{} with something found{}{}", outcome.with_findings, found.empty() ? "" : ": ",
             fmt::join(found, ", "));
  if (outcome.unknown + outcome.unread > 0) {
    fmt::print("; of {} nothing can be said", outcome.unknown + outcome.unread);
  }
  fmt::print("\n");
}

void print_data(const Asked& asked, const ScanPlan& plan, const Outcome& outcome,
                std::chrono::duration<double> took) {
  json files = json::array();
  for (const Line& line : outcome.lines) {
    json file{{"path", line.path}};
    line.data.put_into(file);
    if (!line.trouble.empty()) file["trouble"] = line.trouble;
    files.push_back(std::move(file));
  }
  print_json({{"tree", asked.tree},
              {"files", plan.jobs.size()},
              {"bytes", plan.bytes},
              {"seconds", took.count()},
              {"looked_into", outcome.read},
              {"with_findings", outcome.with_findings},
              {"unknown", outcome.unknown + outcome.unread},
              {"detectors", outcome.detectors},
              {"unread", plan.unread},
              {"list", std::move(files)}});
}

Result<int, Error> run(const Asked& asked, std::shared_ptr<const policy::Program> program) {
  const auto subjects = TRY(subjects_of(*program, asked.as));
  const auto detection = detection_or_tell(*program, asked.as_json ? Form::data : Form::text);
  if (!detection) return kFailed;
  content::FileContentsOptions options;
  options.inspector.workers = asked.threads;
  const auto contents = daemon::contents_for(program, *detection, std::move(options));
  if (contents == nullptr) {
    return fail(
        Error{fmt::format("the policy `{}` asks about no file's contents", asked.policy), EINVAL});
  }
  TRY(contents->finder());
  const ScanPlan plan = TRY(plan_scan(*program, subjects, asked.tree));
  const auto since = Clock::now();
  ScanProgress progress;
  Gather gather{contents->detection()};
  {
    const ProgressBar bar{{.files = plan.jobs.size(), .bytes = plan.bytes}, [&] {
                            return Amount{progress.files.load(), progress.bytes.load()};
                          }};
    // While one waits for a worker's answer, another opens the next file.
    scan(asked.tree, plan, contents->verdicts(), asked.threads * 2, progress,
         [&](Scanned&& scanned) { gather.take(std::move(scanned)); });
  }
  contents->verdicts().flush();
  const std::chrono::duration<double> took = Clock::now() - since;
  const Outcome outcome = std::move(gather).finish();
  if (asked.as_json) {
    print_data(asked, plan, outcome, took);
  } else {
    print_text(asked, plan, outcome, took);
  }
  const bool trouble = outcome.unread > 0 || !plan.unread.empty();
  return trouble || (asked.fails && outcome.with_findings > 0) ? kFailed : kDone;
}

}  // namespace

int scan_command(const Arguments& arguments) {
  Asked asked;
  const auto parsed = parse(arguments, asked);
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice scan");
    return kUsage;
  }
  if (*parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  auto program = open_or_tell(asked.policy, asked.as_json ? Form::data : Form::text);
  if (!program) return kFailed;
  const auto done = run(asked, std::make_shared<const policy::Program>(std::move(*program)));
  if (done) return *done;
  daemon::tell(done.error().line());
  return kFailed;
}

}  // namespace sluice::cli
