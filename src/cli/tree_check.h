// SPDX-License-Identifier: MIT
// What a policy cannot keep by paths alone in a real tree: links that lead out of it, files with
// other names, directories whose names have several spellings, and what is covered by mounts. No
// link is followed, no file is opened, and the walk is bounded.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/policy/program.h"

namespace sluice::cli {

struct TreeLimits {
  std::size_t names = 1'000'000;  // that are looked at
  std::size_t depth = 256;        // of directories below the tree
  std::size_t told = 1000;        // findings of each kind
};

struct TreeFindings {
  struct Link {
    std::string path;
    std::string target;
  };
  // A file that is known by several names, one of which a rule restricts for somebody.
  struct LinkedFile {
    std::vector<std::string> paths;  // in the tree
    std::size_t names = 0;           // in all
    std::string subject, rule;       // for whom, and by which rule
  };
  std::vector<Link> links_out;
  std::vector<LinkedFile> linked;
  std::size_t unknown_names =
      0;  // files that no rule restricts by the names in the tree, with others
  std::vector<std::string> folding;
  std::vector<std::string> shadowed;  // names on which something else is mounted
  std::vector<std::string> unread;    // with why
  std::size_t seen = 0;
  std::string stopped_at;  // where a limit was reached; empty: all was looked at
};

// errors  those of opening the directory.
Result<TreeFindings, Error> check_tree(const policy::Program& program, const std::string& tree,
                                       const TreeLimits& limits = {});

std::vector<std::string> lines_of(const TreeFindings& findings, const std::string& tree);
nlohmann::json json_of(const TreeFindings& findings);

}  // namespace sluice::cli
