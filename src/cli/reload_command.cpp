// SPDX-License-Identifier: MIT
// Has the daemon of a mount go over to its policy as it is written now, or to another one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "find_mount.h"
#include "policy_text.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"
#include "sluice/daemon/policy_file.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

// A policy of the greatest size, with its tests, and the requests that are under way.
constexpr std::chrono::seconds kReloadLimit{60};

constexpr std::string_view kHelp = R"(usage: sluice reload [--json] [--policy POLICY] [MNT]

Has the mount MNT go over to its policy as it is written now, or to another
one, at once and as a whole. If that cannot be used, or one of its own tests
fails, the policy that is in use stays, and what is wrong is told.

What is open stays open as the old policy gave it; these files are named.
MNT may be any path in the mount, and be left out where there is just one.
SIGHUP to the daemon does the same, and has it open its --log anew.

Options
  --policy POLICY       from now on this one: a file, or the name of a preset
  --json                the answer for programs

Examples
  sluice reload
  sluice reload --policy strict.toml /mnt/data

Exit status: 0 the new policy holds, 1 the old one stays, 2 wrong usage.
)";

Result<mount::MountEntry, Error> mount_at(const std::string& path) {
  if (!path.empty()) return find_mount(path);
  auto mounts = TRY(our_mounts());
  if (mounts.size() == 1) return std::move(mounts.front());
  if (mounts.empty()) return fail(Error{"nothing is mounted", ENOENT});
  std::string listed;
  for (const mount::MountEntry& mount : mounts) {
    listed += fmt::format("{}`{}`", listed.empty() ? "" : ", ", mount.mount_point);
  }
  return fail(Error{fmt::format("say which mount: {}", listed), EINVAL});
}

Result<json, Error> ask(const mount::MountEntry& mount, const std::string& policy) {
  json request{{"command", "reload"}};
  if (!policy.empty()) request["policy"] = TRY(daemon::policy_for_later(policy));
  const auto asking = connect(mount);
  if (!asking) {
    return fail(
        Error::of(fmt::format("cannot ask the daemon of `{}`", mount.mount_point), asking.error()));
  }
  auto answer = asking->ask(request, kReloadLimit);
  if (!answer) {
    return fail(
        Error{fmt::format("cannot reload `{}`: {}", mount.mount_point, answer.error().line()),
              answer.error().cause()});
  }
  return answer;
}

std::uint64_t number_of(const json& answer, const char* key) {
  const auto found = answer.find(key);
  const bool is_one = found != answer.end() && found->is_number_unsigned();
  return is_one ? found->get<std::uint64_t>() : 0;
}

std::string count_of(const json& answer, const char* key, std::string_view one,
                     std::string_view many) {
  const std::uint64_t number = number_of(answer, key);
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::vector<std::string> texts(const json& answer, const char* key) {
  std::vector<std::string> all;
  const auto found = answer.find(key);
  if (found == answer.end() || !found->is_array()) return all;
  for (const json& each : *found) {
    if (each.is_string()) all.push_back(daemon::printable(each.get<std::string>()));
  }
  return all;
}

int tell_refused(const json& answer, const std::string& mount) {
  for (const std::string& line : texts(answer, "lines")) fmt::print(stderr, "{}\n", line);
  daemon::tell(fmt::format("`{}` keeps the policy that it has", mount));
  return kFailed;
}

int tell_done(const json& answer, const std::string& mount) {
  fmt::print(
      "{}: {} and {} have their places by the new policy; {} still open as the old one"
      " gave {}\n",
      daemon::printable(mount), count_of(answer, "directories", "directory", "directories"),
      count_of(answer, "files", "file", "files"),
      count_of(answer, "open_files", "file is", "files are"),
      number_of(answer, "open_files") == 1 ? "it" : "them");
  const std::vector<std::string> open = texts(answer, "open");
  for (const std::string& path : open) fmt::print("  {}\n", path);
  const std::uint64_t all = number_of(answer, "open_files");
  if (all > open.size()) fmt::print("  and {} more\n", all - open.size());
  return kDone;
}

}  // namespace

int reload_command(const Arguments& arguments) {
  std::string path;
  std::string policy;
  bool as_json = false;
  CLI::App app;
  app.add_option("MNT", path);
  app.add_option("--policy", policy)->take_last();
  app.add_flag("--json", as_json);
  const auto parsed = daemon::parse(app, arguments);
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice reload");
    return kUsage;
  }
  if (*parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  const auto mount = mount_at(path);
  const auto answer = mount ? ask(*mount, policy) : Result<json, Error>{fail(mount.error())};
  if (!answer) {
    daemon::tell(answer.error().line());
    return kFailed;
  }
  const bool done = answer->value("ok", json()) == json(true);
  if (as_json) {
    print_json(*answer);
    return done ? kDone : kFailed;
  }
  return done ? tell_done(*answer, mount->mount_point) : tell_refused(*answer, mount->mount_point);
}

}  // namespace sluice::cli
