// SPDX-License-Identifier: MIT
#include "sluice/daemon/config.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <optional>

#include "sluice/daemon/arguments.h"
#include "sluice/mount/options.h"

namespace sluice::daemon {
namespace {

constexpr double kLongestTimeout = 365.0 * 24 * 3600;  // seconds

std::unexpected<Error> refuse(std::string line) { return fail(Error{std::move(line), EINVAL}); }

Result<fuse::Validity, Error> parse_seconds(const std::string& text) {
  double seconds = -1;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == end;
  if (!is_number || !(seconds >= 0 && seconds <= kLongestTimeout)) {
    return refuse("`--timeout` takes seconds, such as 0, 0.5 or 3600, not `" + text + "`");
  }
  return std::chrono::duration_cast<fuse::Validity>(std::chrono::duration<double>{seconds});
}

Result<mirror::Locks, Error> parse_locks(const std::string& text) {
  if (text == "local") return mirror::Locks::local;
  if (text == "shared") return mirror::Locks::shared;
  return refuse("`--locks` is `local` or `shared`, not `" + text + "`");
}

}  // namespace

Result<Asked, Error> parse_config(std::vector<std::string> arguments) {
  Asked asked;
  Config& config = asked.config;
  bool foreground = false;
  bool no_passthrough = false;
  bool one_file_system = false;
  std::string locks;
  std::string timeout;
  std::vector<std::string> words;

  CLI::App app;
  app.add_option("SRC", config.source);
  app.add_option("MNT", config.mountpoint);
  app.add_flag("-f,--foreground", foreground);
  app.add_flag("--readonly", config.read_only);
  app.add_flag("--no-passthrough", no_passthrough);
  app.add_flag("--one-file-system", one_file_system);
  app.add_option("--locks", locks)->take_last();
  app.add_option("--timeout", timeout)->take_last();
  app.add_option("-o", words)->take_all()->allow_extra_args(false);
  app.add_option("--policy", config.policy)->take_last();
  app.add_option("--as", config.subject)->take_last();
  app.add_flag("--observe", config.observe);
  app.add_flag("-q,--quiet", config.quiet);
  app.add_option("--log", config.log)->take_last();
  if (TRY(parse(app, std::move(arguments))) == Parsed::help) {
    asked.help = true;
    return asked;
  }

  if (config.source.empty()) return refuse("say what to mount and where: `sluice mount SRC MNT`");
  if (config.mountpoint.empty()) return refuse("say where to mount it: `sluice mount SRC MNT`");
  if (config.policy.empty() && (!config.subject.empty() || config.observe || !config.log.empty())) {
    return refuse("`--as`, `--observe` and `--log` need a policy: say which by `--policy`");
  }
  if (foreground) config.ground = Ground::foreground;
  if (no_passthrough) config.mirror.passthrough = mirror::Passthrough::off;
  if (one_file_system) config.mirror.submounts = mirror::Submounts::hide;
  if (!locks.empty()) config.mirror.locks = TRY(parse_locks(locks));
  if (!timeout.empty()) {
    config.mirror.entry_timeout = config.mirror.attr_timeout = TRY(parse_seconds(timeout));
  }
  for (const std::string& word : words) {
    if (!config.mount_words.empty()) config.mount_words += ',';
    config.mount_words += word;
  }
  TRY(mount::parse_mount_options(config.mount_words, {}));  // refused before anything is done
  return asked;
}

std::string_view mount_help() noexcept {
  return R"(usage: sluice mount [options] SRC MNT

Shows the directory (or file) SRC at MNT. Open files are handed to the kernel,
so that reading, writing and mapping them costs what it costs on SRC itself.
SRC may be the same as MNT: then it is mounted over itself.

How it runs
  -f, --foreground      stay in this terminal; ^C unmounts
  -q, --quiet           say nothing of what is off

What it shows
  --readonly            refuse every change
  --one-file-system     leave out what is mounted below SRC
  -o WORD,...           mount options as mount(8) has them: ro, nosuid, nodev,
                        noexec, noatime, ... (those of SRC always hold)

Who sees what
  --policy POLICY       decide by a policy: a file, or the name of a preset
  --as SUBJECT          everybody is this subject; else callers are told apart
  --observe             decide and count, but refuse and hide nothing
  --log FILE            append decisions as lines of JSON

How it works
  --no-passthrough      serve all data from the daemon
  --timeout SECONDS     believe names and attributes for so long (1); changes
                        made in SRC, not in MNT, are seen that much later
  --locks=local         file locks hold among users of MNT (the default)
  --locks=shared        file locks hold for users of SRC too

Examples
  sluice mount /srv/data /mnt/data
  sluice mount --readonly --timeout 60 ~/photos /srv/gallery
  sluice mount --policy dataset /srv/data /mnt/data

Exit status: 0 mounted (with -f: and unmounted again), 1 failed, 2 wrong usage.
)";
}

}  // namespace sluice::daemon
