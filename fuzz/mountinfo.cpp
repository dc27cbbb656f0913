// SPDX-License-Identifier: MIT
// Feeds text to the parser of /proc/self/mountinfo and asks its answers' questions: which mount
// does a path lead to, what do those below demand. Paths asked about are those in the text itself.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "sluice/mount/lower_flags.h"
#include "sluice/mount/mountinfo.h"

namespace {

using namespace sluice;
using namespace sluice::mount;

void must(bool condition) {
  if (!condition) std::abort();
}

bool is_of(const MountEntry* found, const std::vector<MountEntry>& mounts) {
  return found >= mounts.data() && found < mounts.data() + mounts.size();
}

void ask_about(const std::string& path, const std::vector<MountEntry>& mounts) {
  must(is_at_or_below(path, path));
  if (const MountEntry* at = mount_at_point(path, mounts)) {
    must(is_of(at, mounts) && at->mount_point == path);
  }
  if (const MountEntry* of = mount_of(path, mounts)) {
    must(is_of(of, mounts) && is_at_or_below(path, of->mount_point));
  }
  const Strictest strictest = strictest_below(path, mounts);
  must(!strictest.flags.has(MountFlag::read_only));
  for (const Demand& demand : strictest.demands) {
    must(strictest.flags.has(demand.flag));
    must(strictest.demanded_by(demand.flag) == demand.mount_point);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Questions are asked of all pairs; what is long adds nothing but time.
  constexpr std::size_t kLimit = 4096;
  if (size > kLimit) return 0;
  const std::vector<MountEntry> mounts = parse_mountinfo(std::string(data, data + size));
  must(mounts.size() <= size);
  for (const MountEntry& entry : mounts) {
    must(entry.mount_point.size() <= size && entry.fs_type.size() <= size);
    static_cast<void>(entry.st_dev());
    static_cast<void>(entry.connection());
    static_cast<void>(entry.is_fuse());
    if (const auto user = entry.super_option("user_id")) {
      must(entry.super_options.find(*user) != std::string::npos);
    }
    ask_about(entry.mount_point, mounts);
    ask_about(entry.mount_point + "/below", mounts);
  }
  return 0;
}
