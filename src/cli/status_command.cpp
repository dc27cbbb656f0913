// SPDX-License-Identifier: MIT
// Asks daemons about themselves; those that do not answer are told apart by why.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "find_mount.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"
#include "sluice/mount/connection.h"
#include "status_text.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kHelp = R"(usage: sluice status [--json] [MNT]

Without MNT: lists the mounts of Sluice's, one line each. With MNT, which may
be any path in a mount: says which features of the kernel are on or off, why,
and at what cost; and counts what the daemon has done and holds.

Options
  --json                the same for programs: an object for MNT, else an array

Examples
  sluice status
  sluice status /mnt/data
  sluice status --json /mnt/data | jq .requests

Exit status: 0 told, 1 the daemon does not answer, 2 wrong usage.
)";

Error explain(const mount::MountEntry& mount, Errno why) {
  const std::string& at = mount.mount_point;
  if (why == Errno{EACCES}) return Error{"another user's; ask as root", why};
  if (why == Errno{EPERM}) return Error{"a stranger listens in the daemon's place", why};
  if (mount::probe(mount, mount::kProbeLimit) == mount::Liveness::dead) {
    return Error{fmt::format("its daemon is dead; `sluice unmount {}` frees it", at), ENOTCONN};
  }
  if (why == Errno{ENOENT} || why == Errno{ECONNREFUSED})
    return Error{"its daemon does not listen", why};
  return Error::of("its daemon cannot be asked", why);
}

Result<json, Error> ask(const mount::MountEntry& mount) {
  const auto asking = connect(mount);
  if (!asking) return fail(explain(mount, asking.error()));
  json status = TRY(asking->ask(json{{"command", "status"}}));
  status["mount"] = mount.mount_point;  // where it is now, if it was moved
  return status;
}

void print_json(const json& value) {
  fmt::print("{}\n", value.dump(2, ' ', false, json::error_handler_t::replace));
}

enum class Form { text, data };

int show_all(Form form) {
  const auto mounts = our_mounts();
  if (!mounts) {
    daemon::tell(mounts.error().line());
    return kFailed;
  }
  json all = json::array();
  std::vector<Row> rows;
  for (const mount::MountEntry& mount : *mounts) {
    const auto status = ask(mount);
    rows.push_back({daemon::printable(mount.mount_point), daemon::printable(mount.source),
                    status ? state_of(*status) : status.error().line()});
    all.push_back(status ? *status
                         : json{{"mount", mount.mount_point},
                                {"source", mount.source},
                                {"error", status.error().line()}});
  }
  if (form == Form::data)
    print_json(all);
  else
    fmt::print("{}", rows.empty() ? "nothing is mounted\n" : list_of(rows));
  return kDone;
}

int show_one(const std::string& path, Form form) {
  const auto mount = find_mount(path);
  const auto status = mount ? ask(*mount) : Result<json, Error>{fail(mount.error())};
  if (!status) {
    daemon::tell(mount ? fmt::format("cannot ask `{}`: {}", path, status.error().line())
                       : status.error().line());
    return kFailed;
  }
  if (form == Form::data)
    print_json(*status);
  else
    fmt::print("{}", page_of(*status));
  return kDone;
}

}  // namespace

int status_command(const Arguments& arguments) {
  std::string path;
  bool as_json = false;
  CLI::App app;
  app.add_option("MNT", path);
  app.add_flag("--json", as_json);
  const auto parsed = daemon::parse(app, arguments);
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice status");
    return kUsage;
  }
  if (*parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  const Form form = as_json ? Form::data : Form::text;
  return path.empty() ? show_all(form) : show_one(path, form);
}

}  // namespace sluice::cli
