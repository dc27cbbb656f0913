// SPDX-License-Identifier: MIT
// After each round the table is read again, since a cover can hide other ways or be hidden itself.
#include "sluice/confine/cover.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "sluice/confine/mounts.h"

namespace sluice::confine {
namespace {

using mount::is_at_or_below;

constexpr int kMostRounds = 8;
constexpr const char* kBlank = "mode=555,nr_inodes=2,size=4k";

std::optional<mode_t> type_of(const std::string& path) {
  struct stat seen {};
  if (::lstat(path.c_str(), &seen) != 0) return std::nullopt;
  return seen.st_mode & S_IFMT;
}

// Goes up from a path that does not exist to what does, at most to `floor`.
std::string existing(std::string path, const std::string& floor) {
  while (path.size() > floor.size() && !type_of(path)) {
    const std::size_t slash = path.rfind('/');
    path.resize(slash == 0 ? 1 : slash);
  }
  return path;
}

Error open_way(const Way& way, const std::string& path, const std::string& view) {
  std::string line{"`" + view + "` is also in reach as `" + way.path + "`, and `" + path};
  line += "` cannot be covered; name that directory with --over too, or unmount it";
  return Error{std::move(line), EBUSY};
}

Result<std::string, Error> cover(const Way& way, std::span<const std::string> views) {
  const std::string path = existing(way.path, way.floor);
  const std::string& view = views[way.view];
  const bool above_view = std::ranges::any_of(
      views, [&](const std::string& each) { return is_at_or_below(each, path); });
  if (path == view && path == way.path) {
    return fail(Error{"nothing was mounted over `" + view + "`", EINVAL});
  }
  const auto type = type_of(path);
  if (above_view || !type) return fail(open_way(way, path, view));
  const std::string shown = view + way.below;
  if (way.same && path == way.path && type_of(shown) == type &&
      put_over(shown, path, Depth::all)) {
    return "`" + path + "` shows the view of `" + shown + "`";
  }
  if (*type == S_IFDIR) {
    TRY(mount_blank(path, kBlank, Access::read_only));
  } else {
    TRY(put_over("/dev/null", path, Depth::one));
  }
  return "`" + path + "` is empty, because it shows files of `" + view + "`";
}

}  // namespace

Result<std::vector<std::string>, Error> cover_ways(std::span<const std::string> views,
                                                   std::span<const Target> targets,
                                                   std::span<const mount::MountEntry> before) {
  std::vector<std::string> covered;
  for (int round = 0; round < kMostRounds; ++round) {
    const auto now = TRY(mount::list_mounts());
    const std::vector<Way> ways = open_ways(targets, before, now);
    if (ways.empty()) return covered;
    for (const Way& way : ways) {
      // One that an earlier cover of this round has hidden must not be covered twice.
      const auto latest = TRY(mount::list_mounts());
      const mount::MountEntry* then = mount::mount_of(way.path, now);
      const mount::MountEntry* leads = mount::mount_of(way.path, latest);
      if (then == nullptr || leads == nullptr || leads->id != then->id) continue;
      covered.push_back(TRY(cover(way, views)));
    }
  }
  return fail(Error{"the mounts change while they are covered; try again", EBUSY});
}

Result<void, Error> cover_other_procs() {
  const auto mounts = TRY(mount::list_mounts());
  for (const mount::MountEntry& entry : mounts) {
    if (entry.fs_type != "proc" || is_at_or_below(entry.mount_point, "/proc")) continue;
    const mount::MountEntry* leads = mount::mount_of(entry.mount_point, mounts);
    if (leads == nullptr || leads->id != entry.id) continue;
    const auto type = type_of(entry.mount_point);
    if (type == S_IFDIR) TRY(mount_blank(entry.mount_point, kBlank, Access::read_only));
    if (type == S_IFREG) TRY(put_over("/dev/null", entry.mount_point, Depth::one));
  }
  return {};
}

}  // namespace sluice::confine
