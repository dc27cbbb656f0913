// SPDX-License-Identifier: MIT
// Which mounts show the files of a view by another way than through it.
//
// A mount table says of each mount which file system it is and which directory of it is its root.
// So a directory is known as a place: a file system and a path in it, whatever it is mounted as.
// Another mount shows files of a place if its root is that place, lies above or lies below it.
// Overlay mounts and FUSE mirrors show files of other file systems: what their layers or their
// source are is another place with the same files, and so on until nothing new is found.
//
// Pure functions over a mount table. What a table does not say is not found: hard links to single
// files from outside, snapshots below the volume manager, another machine's name for a share.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::confine {

struct Place {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::string path;  // in the file system, from its root

  friend bool operator==(const Place&, const Place&) = default;
};

// Gives the place of a path, as mount_of() walks. errors: ENOENT no mount leads there.
Result<Place> place_of(std::string_view path, std::span<const mount::MountEntry> mounts);
// The same for a path that is known to lie on this very mount.
Place place_on(std::string_view path, const mount::MountEntry& entry);

// A place whose files a view shows, or some of them.
struct Target {
  Place place;
  std::size_t view = 0;     // index of the view
  std::string below;        // the view's directory that shows the same: "" or "/..."
  bool same = true;         // shows just the same; false where layers mix
  bool merged = false;      // seen through one of its layers: what others there have is not ours
  std::string floor;        // if the place may not exist yet: the nearest that surely does
};

// Gives all places with files of the views, the views' own first and in their order.
// places   those of the views, from before anything was mounted over them
// mounts   likewise
// errors   EBUSY the table nests too deeply to be followed
Result<std::vector<Target>, Error> targets_of(std::span<const Place> places,
                                              std::span<const mount::MountEntry> mounts);

struct Way {
  std::string path;   // where files of the view are in reach
  std::string floor;  // at or above `path`; what to cover where `path` does not exist
  std::size_t view = 0;
  std::string below;
  bool same = true;
};

// Gives the ways that are open: those to a target through a mount of `before` that no mount of
// `now` hides. Mounts that are in `now` alone are ours and no ways.
std::vector<Way> open_ways(std::span<const Target> targets,
                           std::span<const mount::MountEntry> before,
                           std::span<const mount::MountEntry> now);

// Gives the layers of an overlay mount and the source of a FUSE mirror: absolute paths. What the
// table has only relative or not at all is left out.
std::vector<std::string> layers_of(const mount::MountEntry& entry);

// Gives `path` without its leading `ancestor`: "" or "/...". `path` is at or below it.
std::string_view path_below(std::string_view path, std::string_view ancestor) noexcept;
// Gives `path` with "" or "/..." added.
std::string joined(std::string_view path, std::string_view below);

}  // namespace sluice::confine
