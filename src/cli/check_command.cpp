// SPDX-License-Identifier: MIT
// Says what is wrong or odd about a policy, without any mount.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "policy_text.h"
#include "sluice/content/detection.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"
#include "sluice/daemon/usable_policy.h"
#include "sluice/policy/check.h"
#include "tree_check.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kHelp = R"(usage: sluice check [--json] [--tree DIR] POLICY

Reads a policy (a file, or the name of a preset) and everything it includes,
and tells what is wrong: words it does not know, patterns that are none,
[[never]]s that do not hold, tests that fail. What is only odd are warnings:
rules that can never matter, and subjects that this machine cannot prove.

With --tree, also tells what of a real directory cannot be kept by paths:
links that lead out of it, files with several names of which a rule restricts
one, directories in which names have several spellings, and names that other
mounts cover. No link is followed.

Options
  --tree DIR            look at the names in DIR too
  --json                the same for programs

Examples
  sluice check agent.toml
  sluice check agent --tree ~/project

Exit status: 0 it can be used, 1 it cannot, 2 wrong usage.
)";

struct Findings {
  policy::Diagnostics all;
  std::vector<std::string> limits;  // of what the policy can know about files
  policy::Estimate places;
  bool usable = true;
};

// What no detector of the policy looks into, a line each.
std::vector<std::string> limits_of(const policy::Program& program,
                                   const content::Detection& detection) {
  std::vector<std::string> limits;
  const std::uint64_t over = program.document().content.too_big_over;
  bool reads = false;
  for (std::size_t i = 0; i < detection.sets(); ++i) {
    const content::SetIndex set{static_cast<std::uint32_t>(i)};
    reads = reads || detection.reads_all(set);
    const auto unbounded = detection.unbounded(set);
    if (!unbounded || unbounded->empty() || (over != 0 && over <= content::kLargestWhole)) continue;
    const std::size_t others = unbounded->size() - 1;
    limits.push_back(fmt::format(
        "files over {} MiB get what `on_error` says: what `{}`{} of `{}` find{} may be of any"
        " length",
        content::kLargestWhole >> 20, unbounded->front(),
        others == 0 ? "" : fmt::format(" and {} other{}", others, others == 1 ? "" : "s"),
        detection.set_name(set), others == 0 ? "s" : ""));
  }
  if (reads) {
    limits.emplace_back(
        "nothing is found inside of bzip2, xz, zstd, 7z and rar files and of encrypted zips");
  }
  return limits;
}

Findings examine(const policy::Program& program) {
  Findings findings;
  const auto add = [&](policy::Diagnostics more) {
    for (policy::Diagnostic& one : more) {
      if (one.severity == policy::Severity::error) findings.usable = false;
      findings.all.push_back(std::move(one));
    }
  };
  add(program.document().warnings);
  // Without detectors no test that needs them says anything.
  if (const auto detection = daemon::detection_of(program); !detection) {
    add(detection.error());
  } else {
    if (*detection != nullptr) {
      add((*detection)->warnings());
      findings.limits = limits_of(program, **detection);
    }
    add(policy::failures_of(program, daemon::run_tests(program, *detection)));
  }
  add(policy::dead_rules(program));
  add(policy::unused_sets(program));
  add(daemon::unproved(program.document(), daemon::Callers::unsaid, policy::Severity::warning));
  findings.places = policy::count_places(program);
  return findings;
}

std::string count_of(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

struct Asked {
  std::string name;
  std::string tree;
  bool as_json = false;
};

Result<daemon::Parsed, Error> parse(const Arguments& arguments, Asked& asked) {
  CLI::App app;
  app.add_option("POLICY", asked.name);
  app.add_option("--tree", asked.tree)->take_last();
  app.add_flag("--json", asked.as_json);
  const daemon::Parsed parsed = TRY(daemon::parse(app, arguments));
  if (parsed != daemon::Parsed::help && asked.name.empty()) {
    return fail(Error{"say which policy: `sluice check POLICY`", EINVAL});
  }
  return parsed;
}

void print_data(const Asked& asked, const policy::Document& document, const Findings& findings,
                const std::optional<TreeFindings>& tree) {
  json object{{"policy", asked.name},
              {"ok", findings.usable},
              {"rules", document.rules.size()},
              {"subjects", document.subjects.size()},
              {"tests", document.tests.size()},
              {"places", findings.places.places},
              {"places_exact", findings.places.exact},
              {"limits", findings.limits},
              {"diagnostics", daemon::json_of(findings.all)}};
  if (tree) object["tree"] = json_of(*tree);
  print_json(object);
}

void print_text(const Asked& asked, const policy::Document& document, const Findings& findings,
                const std::optional<TreeFindings>& tree) {
  fmt::print(stderr, "{}", policy::text_of(findings.all));
  if (tree) {
    for (const std::string& line : lines_of(*tree, asked.tree)) fmt::print("{}\n", line);
    fmt::print("{}: {} looked at\n", daemon::printable(asked.tree), count_of(tree->seen, "name"));
  }
  for (const std::string& limit : findings.limits) fmt::print("{}: {}\n", asked.name, limit);
  fmt::print("{}: {}, {}, {}, {}{}: {}\n", asked.name, count_of(document.rules.size(), "rule"),
             count_of(document.subjects.size(), "subject"), count_of(document.tests.size(), "test"),
             findings.places.exact ? "at most " : "10,000 places and more",
             findings.places.exact ? count_of(findings.places.places, "place") : "",
             findings.usable ? "can be used" : "cannot be used");
}

}  // namespace

int check_command(const Arguments& arguments) {
  Asked asked;
  const auto parsed = parse(arguments, asked);
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice check");
    return kUsage;
  }
  if (*parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  const Form form = asked.as_json ? Form::data : Form::text;
  const auto program = open_or_tell(asked.name, form);
  if (!program) return kFailed;
  const Findings findings = examine(*program);
  std::optional<TreeFindings> tree;
  if (!asked.tree.empty()) {
    auto looked = check_tree(*program, asked.tree);
    if (!looked) {
      daemon::tell(looked.error().line());
      return kFailed;
    }
    tree = std::move(*looked);
  }
  const auto print = form == Form::data ? print_data : print_text;
  print(asked, program->document(), findings, tree);
  return findings.usable ? kDone : kFailed;
}

}  // namespace sluice::cli
