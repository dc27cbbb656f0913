// SPDX-License-Identifier: MIT
#include "sluice/confine/snapshots.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "sluice/base/fd.h"
#include "sluice/confine/mounts.h"

namespace sluice::confine {
namespace {

using mount::is_at_or_below;
using mount::MountEntry;
using Uuid = std::array<std::uint8_t, BTRFS_UUID_SIZE>;

struct Subvolume {
  Uuid own{};
  Uuid parent{};  // of which it is a snapshot; zeros if of none
};

std::optional<Subvolume> subvolume_of(const std::string& folder) {
  const Fd opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  btrfs_ioctl_get_subvol_info_args info{};
  if (!opened || ::ioctl(opened.get(), BTRFS_IOC_GET_SUBVOL_INFO, &info) != 0) return std::nullopt;
  Subvolume subvolume;
  std::ranges::copy(info.uuid, subvolume.own.begin());
  std::ranges::copy(info.parent_uuid, subvolume.parent.begin());
  return subvolume;
}

bool are_related(const std::optional<Subvolume>& a, const std::optional<Subvolume>& b) {
  if (!a || !b) return true;
  constexpr Uuid kNone{};
  if (a->parent != kNone && (a->parent == b->own || a->parent == b->parent)) return true;
  return b->parent != kNone && b->parent == a->own;
}

bool can_be_reached(const MountEntry& entry, std::span<const MountEntry> mounts) {
  const MountEntry* leads = mount::mount_of(entry.mount_point, mounts);
  return leads != nullptr && leads->id == entry.id;
}

}  // namespace

FoundSnapshots find_snapshots(std::span<const std::string> views, std::span<const Place> places,
                              std::span<const MountEntry> mounts) {
  FoundSnapshots found;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const MountEntry* own = mount::mount_of(views[i], mounts);
    if (own == nullptr || own->fs_type != "btrfs") continue;
    const auto subvolume = subvolume_of(views[i]);
    found.missing.push_back("snapshots of `" + views[i] +
                            "` that lie as directories in another mount stay in reach");
    for (const MountEntry& entry : mounts) {
      const bool comparable = is_at_or_below(entry.root, places[i].path) ||
                              is_at_or_below(places[i].path, entry.root);
      if (comparable || entry.st_dev() != own->st_dev() || !can_be_reached(entry, mounts)) continue;
      if (are_related(subvolume, subvolume_of(entry.mount_point)))
        found.mount_points.push_back(entry.mount_point);
    }
  }
  return found;
}

Result<std::vector<std::string>, Error> cover_snapshots(std::span<const std::string> mount_points,
                                                        std::span<const std::string> views) {
  std::vector<std::string> covered;
  for (const std::string& path : mount_points) {
    const bool needed = std::ranges::any_of(
        views, [&](const std::string& view) { return is_at_or_below(view, path); });
    if (needed) {
      return fail(Error{"`" + path + "` is a snapshot with files of a view and cannot be covered; "
                        "unmount it",
                        EBUSY});
    }
    TRY(mount_blank(path, "mode=555,nr_inodes=2,size=4k", Access::read_only));
    covered.push_back("`" + path + "` is empty, because it is a snapshot of a view's files");
  }
  return covered;
}

}  // namespace sluice::confine
