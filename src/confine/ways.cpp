// SPDX-License-Identifier: MIT
#include "sluice/confine/ways.h"

#include <algorithm>
#include <array>

namespace sluice::confine {
namespace {

using mount::is_at_or_below;
using mount::MountEntry;

// More than any real table leads to; a table that nests overlays in circles stops here.
constexpr std::size_t kMostTargets = 256;

// Any user can give a FUSE mount a source of hundreds of paths. Real ones have a handful.
constexpr std::size_t kMostFuseLayers = 64;

bool same_file_system(const Place& place, const MountEntry& entry) noexcept {
  return place.major == entry.major && place.minor == entry.minor;
}

// Takes one layer off a list; `\` keeps the byte that follows. source: ovl_parse_param_split_lowerdirs
std::string take_layer(std::string_view& list) {
  std::string layer;
  std::size_t i = 0;
  for (; i < list.size() && list[i] != ':'; ++i) {
    if (list[i] == '\\' && i + 1 < list.size()) ++i;
    layer.push_back(list[i]);
  }
  list.remove_prefix(std::min(i + 1, list.size()));
  return layer;
}

void add_layers(std::string_view list, std::vector<std::string>& layers,
                std::size_t most = std::string_view::npos) {
  while (!list.empty() && layers.size() < most) {
    std::string layer = take_layer(list);
    if (layer.starts_with('/')) layers.push_back(std::move(layer));
  }
}

// Shares of another machine may be mounted as two file systems here.
bool is_share(const MountEntry& entry) noexcept {
  constexpr auto kTypes =
      std::to_array<std::string_view>({"nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph"});
  return std::ranges::find(kTypes, entry.fs_type) != kTypes.end();
}

class Closure {
 public:
  explicit Closure(std::span<const MountEntry> mounts) : mounts_{mounts}, layers_(mounts.size()) {
    for (std::size_t i = 0; i < mounts.size(); ++i) {
      for (const std::string& layer : layers_of(mounts[i])) {
        if (auto place = place_of(layer, mounts)) layers_[i].push_back(std::move(*place));
      }
    }
  }

  void add(Target target) {
    if (targets_.size() > kMostTargets) return;
    const bool known = std::ranges::any_of(targets_, [&](const Target& other) {
      return other.place == target.place && other.view == target.view;
    });
    if (!known) targets_.push_back(std::move(target));
  }

  // Follows each target once; new ones are added behind it.
  bool follow_all() {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (targets_.size() > kMostTargets) return false;
      for (std::size_t at = 0; at < mounts_.size(); ++at) follow(Target{targets_[i]}, at);
    }
    return true;
  }

  std::vector<Target> take() { return std::move(targets_); }

 private:
  void follow(const Target& target, std::size_t at) {
    const MountEntry& entry = mounts_[at];
    if (is_share(entry)) follow_share(target, entry);
    const bool shown_by_it = same_file_system(target.place, entry);
    for (const Place& layer : layers_[at]) {
      if (!shown_by_it) {
        out_of_layer(target, layer, entry);
      } else if (!target.merged) {
        add(into_layer(target, layer));
      }
    }
  }

  void follow_share(const Target& target, const MountEntry& entry) {
    const bool alias = std::ranges::any_of(mounts_, [&](const MountEntry& other) {
      return same_file_system(target.place, other) && !same_file_system(target.place, entry) &&
             other.fs_type == entry.fs_type && other.source == entry.source;
    });
    if (!alias) return;
    Target same = target;
    same.place.major = entry.major;
    same.place.minor = entry.minor;
    add(std::move(same));
  }

  // The target lies on a layered file system: each layer has some of its files.
  static Target into_layer(const Target& target, const Place& layer) {
    Target below = target;
    below.place = layer;
    below.place.path = joined(layer.path, target.place.path == "/" ? "" : target.place.path);
    below.floor = layer.path;
    below.same = false;
    return below;
  }

  // A layered file system shows the target, if one of its layers does.
  void out_of_layer(const Target& target, const Place& layer, const MountEntry& entry) {
    if (layer.major != target.place.major || layer.minor != target.place.minor) return;
    Target above = target;
    above.place = {entry.major, entry.minor, "/"};
    above.same = false;
    above.merged = true;
    above.floor = "/";
    if (is_at_or_below(target.place.path, layer.path)) {
      above.place.path = joined("/", path_below(target.place.path, layer.path));
    } else if (is_at_or_below(layer.path, target.place.path)) {
      above.below += path_below(layer.path, target.place.path);
    } else {
      return;
    }
    add(std::move(above));
  }

  std::span<const MountEntry> mounts_;
  std::vector<std::vector<Place>> layers_;  // of each mount, as places
  std::vector<Target> targets_;
};

}  // namespace

std::string_view path_below(std::string_view path, std::string_view ancestor) noexcept {
  if (ancestor != "/") return path.substr(ancestor.size());
  return path == "/" ? std::string_view{} : path;
}

std::string joined(std::string_view path, std::string_view below) {
  if (below.empty()) return std::string{path};
  std::string whole{path == "/" ? "" : path};
  whole += below;
  return whole;
}

Place place_on(std::string_view path, const MountEntry& entry) {
  return {entry.major, entry.minor, joined(entry.root, path_below(path, entry.mount_point))};
}

Result<Place> place_of(std::string_view path, std::span<const MountEntry> mounts) {
  const MountEntry* entry = mount::mount_of(path, mounts);
  if (entry == nullptr) return fail(ENOENT);
  return place_on(path, *entry);
}

std::vector<std::string> layers_of(const MountEntry& entry) {
  std::vector<std::string> layers;
  if (entry.is_fuse()) {
    add_layers(entry.source, layers, kMostFuseLayers);
  } else if (entry.fs_type == "ecryptfs") {
    if (entry.source.starts_with('/')) layers.push_back(entry.source);
  } else if (entry.fs_type == "overlay") {
    // Newer kernels list each lower layer under a key of its own.
    std::string_view rest = entry.super_options;
    while (!rest.empty()) {
      const std::string_view option = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(option.size() + 1, rest.size()));
      for (const std::string_view key : {"lowerdir=", "lowerdir+=", "datadir+=", "upperdir="}) {
        if (option.starts_with(key)) add_layers(option.substr(key.size()), layers);
      }
    }
  }
  return layers;
}

Result<std::vector<Target>, Error> targets_of(std::span<const Place> places,
                                              std::span<const MountEntry> mounts) {
  Closure closure{mounts};
  for (std::size_t i = 0; i < places.size(); ++i) {
    closure.add({.place = places[i], .view = i, .below = "", .same = true, .merged = false,
                 .floor = ""});
  }
  if (closure.follow_all()) return closure.take();
  return fail(Error{"too many mounts lead to the views to follow them all", EBUSY});
}

std::vector<Way> open_ways(std::span<const Target> targets, std::span<const MountEntry> before,
                           std::span<const MountEntry> now) {
  std::vector<Way> ways;
  for (const Target& target : targets) {
    const std::string& wanted = target.place.path;
    for (const MountEntry& entry : before) {
      if (!same_file_system(target.place, entry)) continue;
      Way way{.path = "", .floor = "", .view = target.view, .below = target.below,
              .same = target.same};
      if (is_at_or_below(wanted, entry.root)) {
        way.path = joined(entry.mount_point, path_below(wanted, entry.root));
        way.floor = entry.mount_point;
        if (!target.floor.empty() && is_at_or_below(target.floor, entry.root)) {
          way.floor = joined(entry.mount_point, path_below(target.floor, entry.root));
        }
      } else if (is_at_or_below(entry.root, wanted)) {
        way.path = way.floor = entry.mount_point;
        way.below += path_below(entry.root, wanted);
      } else {
        continue;
      }
      const MountEntry* leads = mount::mount_of(way.path, now);
      if (leads != nullptr && leads->id == entry.id) ways.push_back(std::move(way));
    }
  }
  return ways;
}

}  // namespace sluice::confine
