// SPDX-License-Identifier: MIT
// Feeds mount tables to the search for other ways to a view's files: each mount point is a view in
// turn. What is found must be real, and covering it must leave nothing open.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "sluice/confine/ways.h"

namespace {

using namespace sluice;
using namespace sluice::confine;
using mount::MountEntry;

void must(bool condition) {
  if (!condition) std::abort();
}

void ask_about(const std::string& view, const std::vector<MountEntry>& mounts) {
  const auto place = place_of(view, mounts);
  if (!place) return;
  const auto targets = targets_of(std::vector{*place}, mounts);
  if (!targets) return;
  must(!targets->empty() && targets->front().place == *place);
  bool itself = false;
  for (const Way& way : open_ways(*targets, mounts, mounts)) {
    must(way.path.starts_with('/'));
    must(way.view == 0);
    must(mount::mount_of(way.path, mounts) != nullptr);
    must(way.below.empty() || way.below.starts_with('/'));
    itself = itself || way.path == view;
  }
  must(itself);  // nothing was mounted over it
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Questions are asked of all mounts about all; what is long adds nothing but time.
  constexpr std::size_t kLimit = 1024;
  if (size > kLimit) return 0;
  const std::vector<MountEntry> mounts = mount::parse_mountinfo(std::string(data, data + size));
  for (const MountEntry& entry : mounts) {
    for (const std::string& layer : layers_of(entry)) must(layer.starts_with('/'));
    ask_about(entry.mount_point, mounts);
  }
  return 0;
}
