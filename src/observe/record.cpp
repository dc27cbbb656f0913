// SPDX-License-Identifier: MIT
#include "sluice/observe/record.h"

#include <algorithm>

namespace sluice::observe {

void Record::set_path(std::string_view path) noexcept {
  path_cut = path.size() > kMaxPath ? 1 : 0;
  if (path_cut != 0) path.remove_prefix(path.size() - kMaxPath);
  path_length = static_cast<std::uint32_t>(path.size());
  std::copy(path.begin(), path.end(), path_bytes.begin());
}

std::string_view Record::path() const noexcept {
  return {path_bytes.data(), std::min<std::size_t>(path_length, kMaxPath)};
}

}  // namespace sluice::observe
