// SPDX-License-Identifier: MIT
// Becomes the daemon. The arguments are read here too, so that a mistake in them is told before
// anything else can go wrong.
#include <fmt/format.h>
#include <unistd.h>

#include "commands.h"
#include "find_program.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/config.h"

namespace sluice::cli {

int mount_command(const Arguments& arguments) {
  const auto asked = daemon::parse_config(arguments);
  if (!asked) {
    daemon::tell_usage(asked.error(), "sluice mount");
    return kUsage;
  }
  if (asked->help) {
    fmt::print("{}", daemon::mount_help());
    return kDone;
  }
  const auto program = find_daemon();
  if (!program) {
    daemon::tell(program.error().line());
    return kFailed;
  }
  std::string name = "sluiced";
  Arguments words = arguments;
  std::vector<char*> argv{name.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program->c_str(), argv.data());
  daemon::tell(Error::of("cannot start `" + *program + "`", Errno::last()).line());
  return kFailed;
}

}  // namespace sluice::cli
