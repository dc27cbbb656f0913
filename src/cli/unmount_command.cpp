// SPDX-License-Identifier: MIT
// Takes a mount away and sees its daemon off, so that what comes next (unmounting the lower file
// system, mounting again) does not meet it.
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "find_mount.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"
#include "sluice/mount/unmount.h"

namespace sluice::cli {
namespace {

constexpr int kDaemonLimit = 5000;  // milliseconds

constexpr std::string_view kHelp = R"(usage: sluice unmount [--force] MNT

Takes the mount at MNT away and waits for its daemon to end. A mount whose
daemon is dead is freed, and so is everybody who waits for it.

Options
  --force               also if the mount is in use, or its daemon does not
                        answer: its users are cut off, and what they have not
                        written yet is lost

Examples
  sluice unmount /mnt/data
  sluice unmount --force /mnt/stuck

Exit status: 0 unmounted, 1 failed, 2 wrong usage.
)";

// Gives a descriptor of the daemon's process, which is readable when it has ended; empty where
// there is none, or none that we can learn of.
Fd process_behind(const std::string& path) {
  const auto mount = find_mount(path);
  if (!mount) return Fd{};
  const auto asking = connect(*mount);
  if (!asking || asking->pid() <= 0) return Fd{};
  return Fd{static_cast<int>(::syscall(SYS_pidfd_open, asking->pid(), 0))};
}

}  // namespace

int unmount_command(const Arguments& arguments) {
  std::string path;
  bool force = false;
  CLI::App app;
  app.add_option("MNT", path);
  app.add_flag("--force", force);
  auto parsed = daemon::parse(app, arguments);
  if (parsed && *parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  if (parsed && path.empty())
    parsed = fail(Error{"say what to unmount: `sluice unmount MNT`", EINVAL});
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice unmount");
    return kUsage;
  }
  const Fd process = process_behind(path);
  const auto done = mount::unmount(path, force ? mount::Force::yes : mount::Force::no);
  if (!done) {
    daemon::tell(done.error().line());
    return kFailed;
  }
  // It may have more to do: another mount namespace can have a copy of the mount.
  pollfd waiting{process.get(), POLLIN, 0};
  if (process) ::poll(&waiting, 1, kDaemonLimit);
  return kDone;
}

}  // namespace sluice::cli
