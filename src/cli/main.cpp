// SPDX-License-Identifier: MIT
// sluice: the command that people use.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string_view>

#include "commands.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kHelp = R"(usage: sluice COMMAND [options]

Shows a directory through a gate. What is behind it is decided when a file is
opened; from then on the kernel moves the data, at the speed of the file below.

Commands
  run -- COMMAND        run a command for which a policy decides what it sees
  mount SRC MNT         show the directory SRC at MNT
  unmount MNT           take a mount away, also one whose daemon is dead
  status [MNT]          say what is mounted, and what it has been doing
  reload [MNT]          have a mount read its policy again, or another one
  bench                 measure a mount against the directory below it
  check POLICY          say what is wrong or odd about a policy
  test POLICY           run the tests that stand in a policy
  explain PATH          say what a policy answers for a path, and why
  diff OLD NEW          say for which files a change of policy matters
  scan DIR              look into files ahead of time for what a policy asks
  import gitleaks FILE  take gitleaks' rules into a policy

Options
  -h, --help            this text; `sluice COMMAND --help` says more
  --version             the version, and what this kernel can do

Examples
  sluice run --policy agent -- make test
  sluice mount ~/project /mnt/project
  sluice status /mnt/project
  sluice unmount /mnt/project

Exit status: 0 done, 1 failed, 2 wrong usage.
)";

struct Command {
  std::string_view name;
  int (*run)(const Arguments&);
};
// Of two that a misspelt word is equally near to, the first is suggested: for `umount`, unmount.
constexpr std::array kCommands{
    Command{"unmount", unmount_command},  //
    Command{"mount", mount_command},      //
    Command{"status", status_command},    //
    Command{"reload", reload_command},    //
    Command{"bench", bench_command},      //
    Command{"run", run_command},          //
    Command{"check", check_command},      //
    Command{"test", test_command},        //
    Command{"explain", explain_command},  //
    Command{"diff", diff_command},        //
    Command{"scan", scan_command},        //
    Command{"import", import_command},    //
    Command{"--version", version_command},
};

int help(std::FILE* out, int status) {
  fmt::print(out, "{}", kHelp);
  return status;
}

const Command* find(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  return found == kCommands.end() ? nullptr : found;
}

int refuse(std::string_view name) {
  std::vector<std::string> known{"help", "--help"};
  for (const Command& command : kCommands) known.emplace_back(command.name);
  const char* kind = name.starts_with('-') ? "option" : "command";
  daemon::tell_usage(
      Error{fmt::format("unknown {} `{}`{}", kind, name, daemon::suggestion(name, known)), EINVAL},
      "sluice");
  return kUsage;
}

int run(Arguments arguments) {
  if (arguments.empty()) return help(stderr, kUsage);
  std::string name = arguments.front();
  arguments.erase(arguments.begin());
  if (name == "-h" || name == "--help" || name == "help") {
    if (arguments.empty()) return help(stdout, kDone);
    name = arguments.front();
    arguments = {"--help"};
  }
  const Command* command = find(name);
  return command == nullptr ? refuse(name) : command->run(arguments);
}

}  // namespace
}  // namespace sluice::cli

int main(int argc, char** argv) {
  try {
    return sluice::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& error) {
    sluice::daemon::tell(error.what());
    return sluice::cli::kFailed;
  }
}
