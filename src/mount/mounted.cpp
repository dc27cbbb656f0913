// SPDX-License-Identifier: MIT
#include "sluice/mount/mounted.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <utility>
#include <vector>

#include "identity.h"
#include "sluice/mount/mountinfo.h"
#include "take_down.h"

namespace sluice::mount {
namespace {

const MountEntry* find_by_identity(const std::vector<MountEntry>& mounts,
                                   const Identity& identity) {
  for (const MountEntry& entry : mounts) {
    if (entry.id == identity.mount_id && entry.major == identity.major &&
        entry.minor == identity.minor && entry.is_fuse()) {
      return &entry;
    }
  }
  return nullptr;
}

// Mount ids and device numbers are both reused at once, so a stranger may have got ours. Where the
// kernel has ids that it never reuses, they decide; elsewhere it is taken to be ours.
bool is_stranger(const MountEntry& entry, const Identity& identity) {
  if (identity.unique_id == 0) return false;
  const auto root = own(::open(entry.mount_point.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
  if (!root) return false;
  const auto seen = identify(root->get());
  return seen && seen->unique_id != 0 && seen->unique_id != identity.unique_id;
}

}  // namespace

Mounted::Mounted(Mounted&& other) noexcept
    : device_{std::move(other.device_)},
      mountpoint_{std::move(other.mountpoint_)},
      method_{other.method_},
      privileged_{other.privileged_},
      armed_{std::exchange(other.armed_, false)},
      mount_id_{other.mount_id_},
      unique_id_{other.unique_id_},
      major_{other.major_},
      minor_{other.minor_} {}

Mounted& Mounted::operator=(Mounted&& other) noexcept {
  if (this == &other) return *this;
  Mounted old{std::move(*this)};  // unmounted at the end of this function
  device_ = std::move(other.device_);
  mountpoint_ = std::move(other.mountpoint_);
  method_ = other.method_;
  privileged_ = other.privileged_;
  armed_ = std::exchange(other.armed_, false);
  mount_id_ = other.mount_id_;
  unique_id_ = other.unique_id_;
  major_ = other.major_;
  minor_ = other.minor_;
  return *this;
}

Mounted::~Mounted() {
  if (!armed_) return;
  // First the device: nobody reads it any more, and whoever waits for an answer (fusermount3, which
  // may look at the mount point) would wait for ever.
  device_.reset();
  static_cast<void>(unmount(Detach::yes));
}

dev_t Mounted::st_dev() const noexcept { return ::makedev(major_, minor_); }

Result<void, Error> Mounted::unmount(Detach detach) {
  if (!armed_) return {};
  const Identity identity{
      .mount_id = mount_id_, .unique_id = unique_id_, .major = major_, .minor = minor_};
  const auto mounts = TRY(list_mounts());
  const MountEntry* entry = find_by_identity(mounts, identity);
  if (entry != nullptr && mount_at_point(entry->mount_point, mounts) != entry) {
    return fail(
        Error{"cannot unmount `" + entry->mount_point + "`: another mount covers it", EBUSY});
  }
  if (entry != nullptr && !is_stranger(*entry, identity)) TRY(take_down(*entry, detach));
  armed_ = false;
  return {};
}

}  // namespace sluice::mount
