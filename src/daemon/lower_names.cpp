// SPDX-License-Identifier: MIT
#include "lower_names.h"

#include <unistd.h>

#include <array>

namespace sluice::daemon {

std::string link_text(const std::string& link) {
  std::array<char, 4096> room{};
  const ssize_t size = ::readlink(link.c_str(), room.data(), room.size());
  return size > 0 ? std::string(room.data(), static_cast<std::size_t>(size)) : std::string{};
}

std::string LowerNames::path_of(NodeId node) const {
  const auto fd = tree_->path(node);
  if (!fd) return "?";
  std::string path = link_text("/proc/self/fd/" + std::to_string(fd->get()));
  if (path == source_) return "";
  const std::string above = source_ == "/" ? source_ : source_ + "/";
  if (!path.starts_with(above)) return "?";
  return path.substr(above.size());
}

}  // namespace sluice::daemon
