// SPDX-License-Identifier: MIT
// Feeds text to the parser of /proc/net/unix, in which any user's socket has a line with a path of
// his choice; and the same bytes, as pattern and name, to the matcher of the environment's filter.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sluice/confine/environment.h"
#include "sluice/confine/sockets.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::confine;
  const std::string text(data, data + size);
  const auto paths = bound_paths(text);
  must(std::ranges::is_sorted(paths));
  must(std::ranges::adjacent_find(paths) == paths.end());
  for (const std::string& path : paths) {
    must(path.starts_with('/') && path.find('\0') == std::string::npos);
    must(text.find(path) != std::string::npos);
  }
  if (size > 4096) return 0;
  const std::string_view all{text};
  const std::string_view pattern = all.substr(0, size / 2);
  const std::string_view name = all.substr(size / 2);
  if (pattern.find('*') == std::string_view::npos) must(matches(pattern, name) == (pattern == name));
  must(matches("*", name));
  must(matches(std::string{name} + "*", name));
  return 0;
}
