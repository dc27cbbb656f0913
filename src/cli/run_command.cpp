// SPDX-License-Identifier: MIT
// Runs a command for which some directories are what a policy makes of them.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "git_history.h"
#include "own_files.h"
#include "policy_text.h"
#include "project_root.h"
#include "run_summary.h"
#include "sluice/confine/run.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"
#include "sluice/mount/mounted.h"
#include "view_servers.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kHelp =
    R"(usage: sluice run --policy POLICY [options] -- COMMAND [ARGUMENT]...

Runs COMMAND so that it and its children see some directories through a
policy, at the paths where they always were: what is hidden is not there, what
is read-only stays as it is, and the rest runs at native speed. COMMAND gets
namespaces of its own and no privileges, so that it cannot look behind.

What it sees
  --policy POLICY       a file, or the name of a preset
  --as SUBJECT          who COMMAND is in the policy; may be left out where the
                        policy has one subject only
  --over DIR            a directory to show through the policy; may be given
                        several times. Without it: the project around the
                        working directory, and $HOME
  --history CHOICE      where a repository's history holds what the policy
                        keeps: `refuse` to start and list it (the default),
                        `hide` all of .git, or `allow`
  --observe             decide and count, but refuse and hide nothing

What it may reach besides, with what the policy says in [run]
  --allow-socket PATH   a socket that stays in reach (@NAME: an abstract one)
  --writable DIR        for root: a directory outside that stays writable
  --device NODE         a device node beside the harmless ones
  --keep-env NAME       a variable to pass on that would be taken away; * is a
                        wildcard
  --drop-env NAME       a variable to take away

What it tells
  -q, --quiet           nothing but errors
  --log FILE            append a line of JSON for each open that the policy
                        wants recorded
  --json                the summary for programs, on standard error

Examples
  sluice run --policy agent -- claude
  sluice run --policy agent.toml --as agent --over . -- make test

Exit status: that of COMMAND (128 + N where signal N ended it, 126 not
executable, 127 not found), 1 it could not be started, 2 wrong usage.
)";

// What to do where a repository's history holds what the policy keeps.
enum class HistoryChoice { refuse, allow, hide };

struct Wanted {
  std::string policy;
  std::string as;
  std::vector<std::string> over;
  std::string log;
  HistoryChoice history = HistoryChoice::refuse;
  bool observe = false;
  bool quiet = false;
  bool json = false;
  confine::Plan plan;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string working_directory() {
  std::array<char, 4096> room{};
  return ::getcwd(room.data(), room.size()) == nullptr ? "" : room.data();
}

// Who the command is: as asked, or the only one it can be.
Result<std::string, Error> choose_subject(const policy::Program& program,
                                          const std::string& asked) {
  if (!asked.empty()) return daemon::subject_for(program, asked);
  const auto& subjects = program.document().subjects;
  if (subjects.size() == 1) return subjects.front().name;
  if (subjects.empty()) return "anyone";
  std::string listed;
  for (const auto& subject : subjects) {
    listed += fmt::format("{}`{}`", listed.empty() ? "" : ", ", subject.name);
  }
  return fail(Error{"say by --as who the command is: the policy has " + listed, EINVAL});
}

// Opens the policy, or tells what is wrong with it.
std::shared_ptr<const daemon::UsablePolicy> open_policy(const Wanted& wanted,
                                                        const std::string& more_rules,
                                                        const std::string& include_keys = {}) {
  auto opened = daemon::open_usable({.name = wanted.policy,
                                     .callers = daemon::Callers::bound,
                                     .more_rules = more_rules,
                                     .include_keys = include_keys});
  if (opened) return std::make_shared<const daemon::UsablePolicy>(std::move(*opened));
  tell_diagnostics(opened.error());
  return nullptr;
}

void tell_start(const Wanted& wanted, const daemon::UsablePolicy& policy,
                const std::string& subject, const confine::Report& report) {
  std::string listed;
  for (const std::string& view : wanted.plan.views) {
    listed += fmt::format("{}`{}`", listed.empty() ? "" : ", ", daemon::printable(view));
  }
  daemon::tell(fmt::format("{} as `{}` of policy `{}`{}", listed, subject, wanted.policy,
                           wanted.observe ? ", which is observed and not enforced" : ""));
  if (policy.compiled == daemon::Compiled::cold) {
    daemon::tell(fmt::format("the policy was compiled, in {:.1f} ms{}",
                             static_cast<double>(policy.took.count()) / 1000,
                             policy.cache_trouble.empty() ? "" : "; " + policy.cache_trouble));
  }
  for (const std::string& line : report.covered) daemon::tell(line);
  for (const std::string& line : report.missing) daemon::tell(line);
  if (!mount::may_administer()) {
    daemon::tell(
        "passthrough is off: the kernel takes backing files from root alone; each read and"
        " write goes through sluice");
  }
  if (!report.removed_variables.empty()) {
    std::string names;
    for (const std::string& name : report.removed_variables) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    daemon::tell(fmt::format("variables that were taken away: {}", names));
  }
}

// Adds what the policy lets a command reach to what was asked for on the command line.
void add_reach(const policy::RunSpec& from, confine::Plan& plan) {
  const auto add = [](const std::vector<std::string>& more, std::vector<std::string>& to) {
    to.insert(to.end(), more.begin(), more.end());
  };
  add(from.keep_env, plan.environment.keep);
  add(from.drop_env, plan.environment.remove);
  add(from.sockets, plan.allow_sockets);
  add(from.writable, plan.writable);
  add(from.devices, plan.devices);
}

constexpr std::string_view kNoHistory =
    "[[rule]]\nid = \"sluice-history\"\npath = \".git\"\nverdict = \"hide\"\n"
    "why = \"asked for by --history hide\"\n";

std::string place_of(const KeptInHistory& kept) {
  if (kept.kind != HistoryKind::file) {
    return fmt::format("it is the message of a {}; `git cat-file -p {}` shows it",
                       kept.kind == HistoryKind::tag ? "tag" : "commit", kept.path);
  }
  if (!kept.commits.empty()) return fmt::format("{}", fmt::join(kept.commits, ", "));
  return kept.path.starts_with(".git/objects/")
             ? "no commit has it; `git gc --prune=now` removes it"
             : "it is staged";
}

std::string line_of(const std::string& view, const KeptInHistory& kept) {
  const std::string found = kept.found.empty() ? "" : fmt::format(" ({})", kept.found);
  return fmt::format("the history of `{}` holds `{}`{}, which the policy keeps: {}",
                     daemon::printable(view), daemon::printable(kept.path),
                     daemon::printable(found), daemon::printable(place_of(kept)));
}

using Usable = std::shared_ptr<const daemon::UsablePolicy>;

// Files that the policy keeps may lie in a repository's history as well. Gives patterns of what
// need not be looked into when it is opened, as it was now, or as it is to be read whatever is in
// it. errors   EACCES they do, and it was not said what to do about it; it is told where.
Result<std::vector<std::string>, Error> check_histories(const Wanted& wanted, const Usable& policy,
                                                        policy::SubjectIndex subject) {
  if (wanted.history == HistoryChoice::allow) {
    return std::vector<std::string>{"**/.git/objects/", "**/.git/modules/**/objects/"};
  }
  std::vector<std::string> patterns;
  if (wanted.history == HistoryChoice::hide) return patterns;
  const std::shared_ptr<const policy::Program> program{policy, &policy->program};
  std::shared_ptr<content::FileContents> contents;
  const HistoryReader reader{*program, subject, [&] {
                               if (!contents)
                                 contents = daemon::contents_for(program, policy->detection);
                               return contents;
                             }};
  bool found = false;
  for (const std::string& view : wanted.plan.views) {
    const History history = TRY(look_into_history(view, reader));
    for (const KeptInHistory& kept : history.kept) daemon::tell(line_of(view, kept));
    if (history.more) daemon::tell(fmt::format("the history of `{}` holds more of them", view));
    found |= !history.kept.empty();
    for (const std::string& pack : history.clean_packs) {
      patterns.push_back("/.git/objects/pack/" + pack);
    }
  }
  if (!found || wanted.observe) return patterns;
  return fail(
      Error{"not started: take them out of the history, make an exception of their paths in a"
            " policy of your own, or say --history hide (no .git for the command) or"
            " --history allow",
            EACCES});
}

// The exceptions that patterns are to rules about contents, as keys of an [[include]].
std::string exceptions_for(const std::vector<std::string>& patterns,
                           const policy::Document& document) {
  if (patterns.empty()) return {};
  std::string keys;
  for (const policy::Rule& rule : document.rules) {
    if (rule.contents.empty()) continue;
    keys += fmt::format("except.\"{}\" = [\"{}\"]\n", rule.id, fmt::join(patterns, "\", \""));
  }
  return keys;
}

Result<void, Error> take_history(const std::string& choice, Wanted& wanted) {
  if (choice == "hide") {
    wanted.history = HistoryChoice::hide;
  } else if (choice == "allow") {
    wanted.history = HistoryChoice::allow;
  } else if (!choice.empty() && choice != "refuse") {
    return fail(
        Error{fmt::format("`--history` is `refuse`, `hide` or `allow`, not `{}`", choice), EINVAL});
  }
  return {};
}

// Gives the exit status.
Result<int, Error> run(Wanted& wanted) {
  auto policy = open_policy(wanted, {});
  if (!policy) return kFailed;
  wanted.plan.directory = working_directory();
  if (wanted.plan.directory.empty()) {
    return fail(Error::of("cannot find the working directory", Errno::last()));
  }
  wanted.plan.views = TRY(views_of(wanted.over, wanted.plan.directory, environment("HOME")));
  const auto kept = own_files(policy->program.document(), wanted.log);
  std::string rules = rules_for(kept, wanted.plan.views);
  if (wanted.history == HistoryChoice::hide) rules += kNoHistory;
  if (!rules.empty()) {
    policy = open_policy(wanted, rules);
    if (!policy) return kFailed;
  }
  const std::string subject = TRY(choose_subject(policy->program, wanted.as));
  const auto patterns = TRY(check_histories(wanted, policy, *policy->program.subject(subject)));
  if (const auto keys = exceptions_for(patterns, policy->program.document()); !keys.empty()) {
    policy = open_policy(wanted, rules, keys);
    if (!policy) return kFailed;
  }
  add_reach(policy->program.document().run, wanted.plan);
  ViewServers::Options options{.views = wanted.plan.views, .config = {}, .policy = policy};
  options.config.policy = wanted.policy;
  options.config.subject = subject;
  options.config.observe = wanted.observe;
  options.config.quiet = true;
  options.config.log = wanted.log;
  ViewServers servers = TRY(ViewServers::start(options));

  confine::Hooks hooks;
  hooks.mount_views = [&] { return servers.mount(); };
  hooks.starting = [&](const confine::Report& report) {
    if (!wanted.quiet && !wanted.json) tell_start(wanted, *policy, subject, report);
  };
  const auto ended = confine::run(wanted.plan, hooks);
  const auto told = servers.finish();
  if (!ended) return fail(ended.error());
  if (!ended->why.empty()) daemon::tell(ended->why);
  if (wanted.json) {
    fmt::print(stderr, "{}\n", summary_json(wanted.plan.views, told).dump());
  } else if (!wanted.quiet) {
    for (const std::string& line : summary_lines(wanted.plan.views, told)) daemon::tell(line);
  }
  return ended->status;
}

// Splits what stands after `--`, which is the command's own.
Arguments split_command(Arguments& arguments) {
  const auto mark = std::ranges::find(arguments, "--");
  if (mark == arguments.end()) return {};
  Arguments command{mark + 1, arguments.end()};
  arguments.erase(mark, arguments.end());
  return command;
}

Result<daemon::Parsed, Error> parse(Arguments arguments, Wanted& wanted) {
  wanted.plan.command = split_command(arguments);
  CLI::App app;
  app.add_option("--policy", wanted.policy)->take_last();
  app.add_option("--as", wanted.as)->take_last();
  const auto several = [&](const char* name, std::vector<std::string>& into) {
    app.add_option(name, into)->take_all()->allow_extra_args(false);
  };
  several("--over", wanted.over);
  several("--allow-socket", wanted.plan.allow_sockets);
  several("--writable", wanted.plan.writable);
  several("--device", wanted.plan.devices);
  several("--keep-env", wanted.plan.environment.keep);
  several("--drop-env", wanted.plan.environment.remove);
  app.add_option("--log", wanted.log)->take_last();
  std::string history;
  app.add_option("--history", history)->take_last();
  app.add_flag("--observe", wanted.observe);
  app.add_flag("-q,--quiet", wanted.quiet);
  app.add_flag("--json", wanted.json);
  const daemon::Parsed parsed = TRY(daemon::parse(app, std::move(arguments)));
  if (parsed == daemon::Parsed::help) return parsed;
  TRY(take_history(history, wanted));
  if (wanted.policy.empty()) {
    return fail(Error{"say which policy: `sluice run --policy POLICY -- COMMAND`", EINVAL});
  }
  if (wanted.plan.command.empty()) {
    return fail(
        Error{"say what to run, after `--`: `sluice run --policy POLICY -- COMMAND`", EINVAL});
  }
  return parsed;
}

}  // namespace

int run_command(const Arguments& arguments) {
  Wanted wanted;
  const auto parsed = parse(arguments, wanted);
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice run");
    return kUsage;
  }
  if (*parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  const auto done = run(wanted);
  if (done) return *done;
  daemon::tell(done.error().line());
  return kFailed;
}

}  // namespace sluice::cli
