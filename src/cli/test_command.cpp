// SPDX-License-Identifier: MIT
// Runs the tests that stand in a policy.
#include <fmt/format.h>

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

constexpr std::string_view kHelp = R"(usage: sluice test [--json] POLICY

Runs the [[test]]s of a policy (a file, or the name of a preset) and tells
each that fails: what it expected, and what the policy says instead.

Options
  --json                the result of every test, for programs

Examples
  sluice test agent.toml
  sluice test --json dataset | jq '.tests[] | select(.passed | not)'

Exit status: 0 all passed, 1 some failed or the policy cannot be used,
2 wrong usage.
)";

json json_of(const policy::Program& program, const policy::TestResult& result) {
  const policy::Test& test = *result.test;
  const auto& files = program.document().files;
  return {{"path", test.path},
          {"as", test.as},
          {"mode", policy::name(test.mode)},
          {"file", test.at.file < files.size() ? files[test.at.file] : std::string{}},
          {"line", test.at.line},
          {"passed", result.passed},
          {"differences", result.differences}};
}

}  // namespace

int test_command(const Arguments& arguments) {
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
    parsed = fail(Error{"say which policy: `sluice test POLICY`", EINVAL});
  }
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice test");
    return kUsage;
  }
  const Form form = as_json ? Form::data : Form::text;
  const auto program = open_or_tell(name, form);
  if (!program) return kFailed;
  const auto detection = detection_or_tell(*program, form);
  if (!detection) return kFailed;
  const auto results = daemon::run_tests(*program, *detection);
  const auto failed =
      static_cast<std::size_t>(std::ranges::count(results, false, &policy::TestResult::passed));
  if (form == Form::data) {
    json tests = json::array();
    for (const policy::TestResult& result : results) tests.push_back(json_of(*program, result));
    print_json({{"policy", name}, {"ok", failed == 0}, {"tests", std::move(tests)}});
  } else {
    fmt::print(stderr, "{}", policy::text_of(policy::failures_of(*program, results)));
    fmt::print("{}: {} of {} tests passed\n", name, results.size() - failed, results.size());
  }
  return failed == 0 ? kDone : kFailed;
}

}  // namespace sluice::cli
