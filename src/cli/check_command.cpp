// SPDX-License-Identifier: MIT
// Says what is wrong or odd about a policy, without any mount.
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "policy_text.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"
#include "sluice/policy/check.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kHelp = R"(usage: sluice check [--json] POLICY

Reads a policy (a file, or the name of a preset) and everything it includes,
and tells what is wrong: words it does not know, patterns that are none,
[[never]]s that do not hold, tests that fail. What is only odd are warnings:
rules that can never matter, and subjects that this machine cannot prove.

Options
  --json                the same for programs

Examples
  sluice check agent.toml
  sluice check agent

Exit status: 0 it can be used, 1 it cannot, 2 wrong usage.
)";

// Whether this machine can tell that a caller is this subject.
bool provable(const policy::SubjectSpec& subject) {
  if (subject.run_as || !subject.uids.empty() || !subject.gids.empty()) return true;
  const auto any = [](const std::vector<std::string>& names, auto exists) {
    return std::ranges::any_of(names, exists);
  };
  return any(subject.users, [](const std::string& name) { return ::getpwnam(name.c_str()); }) ||
         any(subject.groups, [](const std::string& name) { return ::getgrnam(name.c_str()); }) ||
         any(subject.exes, [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }) ||
         (::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 &&
          (!subject.units.empty() || !subject.cgroups.empty()));
}

struct Findings {
  policy::Diagnostics all;
  policy::Estimate places;
  bool usable = true;
};

Findings examine(const policy::Program& program) {
  Findings findings;
  const auto add = [&](policy::Diagnostics more) {
    for (policy::Diagnostic& one : more) {
      if (one.severity == policy::Severity::error) findings.usable = false;
      findings.all.push_back(std::move(one));
    }
  };
  add(program.document().warnings);
  add(policy::failures_of(program, policy::run_tests(program)));
  add(policy::dead_rules(program));
  add(policy::unprovable(program, provable));
  findings.places = policy::count_places(program);
  return findings;
}

std::string count_of(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

int check_command(const Arguments& arguments) {
  std::string name;
  bool as_json = false;
  CLI::App app;
  app.add_option("POLICY", name);
  app.add_flag("--json", as_json);
  auto parsed = daemon::parse(app, arguments);
  if (parsed && *parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  if (parsed && name.empty()) {
    parsed = fail(Error{"say which policy: `sluice check POLICY`", EINVAL});
  }
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice check");
    return kUsage;
  }
  const Form form = as_json ? Form::data : Form::text;
  const auto program = open_or_tell(name, form);
  if (!program) return kFailed;
  const Findings findings = examine(*program);
  const policy::Document& document = program->document();
  if (form == Form::data) {
    print_json({{"policy", name},
                {"ok", findings.usable},
                {"rules", document.rules.size()},
                {"subjects", document.subjects.size()},
                {"tests", document.tests.size()},
                {"places", findings.places.places},
                {"places_exact", findings.places.exact},
                {"diagnostics", json_of(findings.all)}});
  } else {
    fmt::print(stderr, "{}", policy::text_of(findings.all));
    fmt::print("{}: {}, {}, {}, {}{}: {}\n", name, count_of(document.rules.size(), "rule"),
               count_of(document.subjects.size(), "subject"),
               count_of(document.tests.size(), "test"),
               findings.places.exact ? "at most " : "10,000 places and more",
               findings.places.exact ? count_of(findings.places.places, "place") : "",
               findings.usable ? "can be used" : "cannot be used");
  }
  return findings.usable ? kDone : kFailed;
}

}  // namespace sluice::cli
