// SPDX-License-Identifier: MIT
#include "sluice/daemon/mount_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include "sluice/mount/lower_flags.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::daemon {
namespace {

using enum mount::MountFlag;

// Flags of the lower mount that ours must have. Not its relatime: the lower file system keeps its
// own access times, and ours are what it says.
constexpr Flags<mount::MountFlag> kInherited{no_suid,  no_dev,       no_exec,
                                             no_atime, no_dir_atime, no_symfollow};
// What new_api takes for the name of the source, which is for people to read only.
constexpr std::size_t kLongestName = 255;

std::string shown_name(const std::string& path) {
  if (path.size() <= kLongestName) return path;
  return "..." + path.substr(path.size() - (kLongestName - 3));
}

// What the mounts below the source demand beyond `already`.
Result<void, Error> add_from_below(MountPlan& plan, const Source& source,
                                   Flags<mount::MountFlag> already) {
  const auto mounts = TRY(mount::list_mounts());
  const mount::Strictest strictest = mount::strictest_below(source.path, mounts);
  for (const mount::Demand& demand : strictest.demands) {
    if (already.has(demand.flag)) continue;
    plan.notes.push_back(
        fmt::format("`{}` holds for the whole mount, because `{}` below the source has it;"
                    " --one-file-system leaves that out",
                    mount::word(demand.flag), demand.mount_point));
  }
  plan.options.flags = plan.options.flags | strictest.flags;
  return {};
}

}  // namespace

Result<MountPlan, Error> plan_mount(const Config& config, const Source& source) {
  mount::Options base;
  base.source = shown_name(source.path);
  base.mountpoint = config.mountpoint;
  base.root = source.kind;
  base.allow_other = ::geteuid() == 0;
  base.flags.set(read_only, config.read_only);

  MountPlan plan;
  plan.options = TRY(mount::parse_mount_options(config.mount_words, base));
  plan.options.default_permissions = true;
  plan.options.subtype = "sluice";
  const auto own = TRY(mount::flags_of(source.fd.get()));
  plan.options.flags = plan.options.flags | (own & (kInherited | Flags{read_only}));
  if (config.read_only) plan.options.flags.set(read_only);
  if (config.mirror.submounts == mirror::Submounts::follow) {
    TRY(add_from_below(plan, source, plan.options.flags));
  }
  return plan;
}

}  // namespace sluice::daemon
