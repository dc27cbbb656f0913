// SPDX-License-Identifier: MIT
// LowerMounts: the mounts that were met below the source, numbered, so that a node's slot can say
// in ten bits where its handle is to be opened; and the numbers of the devices they lie on, which
// keep inode numbers apart in the one st_dev that the mount shows.
//
// A mount's number is never given to another mount: a handle opened on the wrong file system could
// name another file. The numbers lie in the node table's memory file (MountRecords); descriptors do
// not, so after an attach a mount works again once note() has seen it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"
#include "sluice/mirror/lower_handle.h"
#include "sluice/mirror/node_slot.h"

namespace sluice::mirror {

// 0 is the source's own device.
enum class DeviceIndex : std::uint16_t {};

// Whether files of a mount can be known, and opened, by handle.
enum class HandleSupport : std::uint8_t {
  openable,       // open_by_handle_at worked for us here
  held_only,      // there are real handles, but we may not open them (see LowerMount::refusal)
  identity_only,  // AT_HANDLE_FID
  none,           // stand-ins
};

struct LowerMount {
  MountIndex index{};
  MountId id{};
  dev_t device = 0;  // st_dev of the object it was first seen by
  DeviceIndex device_index{};
  // Open for reading, on this mount: what open_by_handle_at takes (some kernels refuse O_PATH
  // there). Empty where nothing on the mount may be opened; then `support` is not `openable`.
  Fd fd;
  HandleSupport support = HandleSupport::none;
  std::optional<Errno> refusal;  // why not `openable`; EPERM: CAP_DAC_READ_SEARCH is missing
};

class LowerMounts {
 public:
  // Whoever holds one keeps the mount's descriptor open.
  using Ref = std::shared_ptr<const LowerMount>;

  // records  borrowed for as long as this lives; as another process left them, or all zero.
  explicit LowerMounts(MountRecords& records) noexcept;

  // Gives the mount's number, at once if it is known; else opens a descriptor there, tries handles
  // out, and numbers it.
  // id       as LowerHandle::read gave it for the object that `fd` refers to
  // fd       borrowed; O_PATH is enough. Only directories and regular files are ever opened: to
  //          open a device or a pipe could have effects.
  // errors   ENFILE kMaxMounts have been met; EMFILE, ENFILE; those of fstat.
  Result<MountIndex> note(MountId id, int fd);

  // errors  ESTALE no such mount, or not seen since attach, or retired.
  Result<Ref> read(MountIndex index) const;

  // Closes the mount's descriptor, which keeps the lower mount from being unmounted, when the last
  // Ref goes. Its number stays taken; nodes there answer ESTALE until it is noted again.
  void retire(MountIndex index);

  // How many mounts have a descriptor now.
  std::size_t size() const;

  // Gives the number of a device; the first one ever asked about is 0. Never fails: devices beyond
  // the table share numbers. Several devices in one mount are normal (btrfs subvolumes).
  // locks   none.
  DeviceIndex device(dev_t device) noexcept;

 private:
  Result<std::shared_ptr<LowerMount>> probe(MountId id, int fd);
  std::optional<MountIndex> number_of(MountId id) const noexcept;

  MountRecords& records_;
  // Guards mounts_ and records_.mounts; held for a scan of numbers, never during a system call.
  mutable std::mutex mutex_;
  std::array<Ref, kMaxMounts> mounts_;
  std::size_t used_to_ = 0;  // numbers below this are given out
};

// Makes the st_ino that the mount shows. The same number for the source's own device, and one that
// is unique over all devices, for inode numbers below 2^48, which is all of them on ext4, btrfs and
// tmpfs and on xfs up to 2^48 half-kilobyte blocks. Others (overlayfs with xino, network file
// systems) get bit 63 and a mix of 63 bits: unique within one device below 2^63, and over
// devices as good as certainly but not strictly.
std::uint64_t map_ino(DeviceIndex device, std::uint64_t ino) noexcept;

}  // namespace sluice::mirror
