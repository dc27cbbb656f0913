// SPDX-License-Identifier: MIT
// Paths of nodes for people, as they are in the mount: by the descriptor of the file below, since
// nodes of files have no names of their own.
#pragma once

#include <string>

#include "sluice/mirror/lower_tree.h"

namespace sluice::daemon {

// Gives the text of a symbolic link, "" where it cannot be read.
std::string link_text(const std::string& link);

class LowerNames {
 public:
  // tree     outlives this.
  // source   the directory (or file) that is mirrored, as a path.
  LowerNames(mirror::LowerTree& tree, std::string source)
      : tree_{&tree}, source_{std::move(source)} {}

  // Gives the path from the root of the mount, "" for the root itself; "?" for a node that is gone,
  // has no name any more, or does not lie below the source.
  std::string path_of(NodeId node) const;

 private:
  mirror::LowerTree* tree_;
  std::string source_;
};

}  // namespace sluice::daemon
