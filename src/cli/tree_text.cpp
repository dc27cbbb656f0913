// SPDX-License-Identifier: MIT
// What check_tree() found, for people and for programs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sluice/daemon/announce.h"
#include "tree_check.h"

namespace sluice::cli {

using daemon::printable;
using nlohmann::json;

std::vector<std::string> lines_of(const TreeFindings& findings, const std::string& tree) {
  std::vector<std::string> lines;
  const auto tell = [&](const std::string& path, const std::string& what) {
    lines.push_back(fmt::format("{}/{}: {}", printable(tree), printable(path), what));
  };
  for (const auto& link : findings.links_out) {
    tell(link.path, fmt::format("a link that leads out, to `{}`: what is there is under no rule",
                                printable(link.target)));
  }
  for (const auto& file : findings.linked) {
    std::string others;
    for (std::size_t i = 1; i < file.paths.size() && i < 4; ++i) {
      others += fmt::format("{}`{}`", others.empty() ? "; also " : ", ", printable(file.paths[i]));
    }
    tell(file.paths.front(),
         fmt::format("has {} names, {} of them here{}; rule `{}` holds for `{}` by one of them,"
                     " and so for all that are known",
                     file.names, file.paths.size(), others, file.rule, file.subject));
  }
  for (const std::string& path : findings.folding) {
    tell(path, "its names have several spellings, so that all in it gets the strictest answer");
  }
  for (const std::string& path : findings.shadowed) {
    tell(path, "something is mounted here: what it covers is not shown");
  }
  for (const std::string& line : findings.unread) tell(line, "was not looked into");
  if (findings.unknown_names > 0) {
    lines.push_back(fmt::format("{} files have names outside of {}, which no rule here can know",
                                findings.unknown_names, printable(tree)));
  }
  if (!findings.stopped_at.empty()) {
    lines.push_back(fmt::format("stopped at {}/{} after {} names: the rest was not looked at",
                                printable(tree), printable(findings.stopped_at), findings.seen));
  }
  return lines;
}

json json_of(const TreeFindings& findings) {
  json links = json::array();
  for (const auto& link : findings.links_out) {
    links.push_back({{"path", link.path}, {"target", link.target}});
  }
  json linked = json::array();
  for (const auto& file : findings.linked) {
    linked.push_back({{"paths", file.paths},
                      {"names", file.names},
                      {"subject", file.subject},
                      {"rule", file.rule}});
  }
  return {{"seen", findings.seen},       {"links_out", std::move(links)},
          {"linked", std::move(linked)}, {"unknown_names", findings.unknown_names},
          {"folding", findings.folding}, {"shadowed", findings.shadowed},
          {"unread", findings.unread},   {"stopped_at", findings.stopped_at}};
}

}  // namespace sluice::cli
