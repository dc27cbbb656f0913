// SPDX-License-Identifier: MIT
// Snapshots of a btrfs subvolume: other directories with the files that a view hides, as they were.
//
// A mount table shows subvolumes as unrelated directories of one file system. Which of them is a
// snapshot of which, the file system tells of those that are mounted. Snapshots that are reached as
// directories inside another mount (as snapper keeps them) it tells only the administrator, by
// searching its trees; those are not looked for, and the report says so.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/confine/ways.h"

namespace sluice::confine {

struct FoundSnapshots {
  std::vector<std::string> mount_points;
  std::vector<std::string> missing;  // lines about what cannot be found
};

// Finds, of the mounts that can be reached, those that show another subvolume of a view's file
// system which is a snapshot of the view's, or the other way round, or of the same one.
// views   not mounted over yet; places  theirs
// One that does not answer is taken for a snapshot.
FoundSnapshots find_snapshots(std::span<const std::string> views, std::span<const Place> places,
                              std::span<const mount::MountEntry> mounts);

// Covers them with nothing. errors: EBUSY one holds a view, or is `/`.
Result<std::vector<std::string>, Error> cover_snapshots(std::span<const std::string> mount_points,
                                                        std::span<const std::string> views);

}  // namespace sluice::confine
