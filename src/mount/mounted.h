// SPDX-License-Identifier: MIT
// A mounted /dev/fuse descriptor, obtained and given back.
//
// mount() takes the best way that the caller's privileges allow and says which one it was. What it
// gives owns the descriptor and the mount: it is unmounted when the owner goes, however that is.
// All it needs to know of the mount (device number, connection) is read without a request to the
// daemon, which does not run yet.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"
#include "sluice/mount/options.h"

namespace sluice::mount {

// Whether a mount that is in use may be taken out of the tree, to end when its last user goes.
enum class Detach { no, yes };

class Mounted {
 public:
  Mounted(Mounted&& other) noexcept;
  Mounted& operator=(Mounted&& other) noexcept;
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  // Closes the device if it has not been taken, and takes the mount out of the tree at once
  // (Detach::yes), unless released. Errors are dropped: call unmount() to hear of them.
  ~Mounted();

  // The device that requests are read from; borrowed, empty once taken.
  const Fd& device() const noexcept { return device_; }
  [[nodiscard]] Fd take_device() noexcept { return std::move(device_); }

  // Where it was mounted, absolute and without symbolic links.
  const std::string& mountpoint() const noexcept { return mountpoint_; }
  Method method() const noexcept { return method_; }

  // Tells whether the process that mounted had, when it did, what the kernel asks of whoever registers a
  // backing file: CAP_SYS_ADMIN outside of any user namespace. Without it there is no passthrough.
  bool privileged() const noexcept { return privileged_; }

  // What stat(2) gives as st_dev of each file in it.
  dev_t st_dev() const noexcept;
  // The N of /sys/fs/fuse/connections/N.
  std::uint32_t connection() const noexcept { return minor_; }

  // Unmounts; nothing to do, and no error, if that has happened already, by whomever. The mount is
  // found by its identity: also where it was moved, and a stranger at its place is left alone.
  // Unless the device is closed, the daemon must go on serving meanwhile.
  // errors   EBUSY in use, or covered by another mount; EPERM.
  Result<void, Error> unmount(Detach detach = Detach::no);

  // Leaves the mount in place from now on; the device stays with this object until it is taken.
  void release() noexcept { armed_ = false; }

 private:
  friend class Mounter;
  friend class HandOver;
  Mounted() = default;

  Fd device_;
  std::string mountpoint_;
  Method method_ = Method::new_api;
  bool privileged_ = false;
  bool armed_ = false;  // the destructor unmounts
  std::int64_t mount_id_ = -1;
  std::uint64_t unique_id_ = 0;  // 0 where the kernel has none
  std::uint32_t major_ = 0;
  std::uint32_t minor_ = 0;
};

// Tells whether what this process mounts is privileged(): whether it has CAP_SYS_ADMIN outside of
// any user namespace.
bool may_administer() noexcept;

// Mounts at `options.mountpoint`, by the first of Method's ways that this process may use, or by
// `options.only`. A mountpoint may lie over the very directory that is to be shown: open that one
// before. Waits for the daemon of a FUSE file system that lies at the mountpoint already, two
// seconds at most, and for those that the path leads through.
// errors   ENOENT no /dev/fuse, no mountpoint, or no fusermount3; ENOTDIR, EISDIR the mountpoint is
//          of another type than options.root; ENOTCONN a dead mount is there; ETIMEDOUT a silent
//          one; EPERM, EACCES privileges; EBUSY; ENOSPC the limit of mounts. Each line says what to
//          do.
Result<Mounted, Error> mount(const Options& options);

// The same at a mountpoint that is open already (O_PATH will do), whatever its path leads to now.
// mountpoint   borrowed for the call. fusermount3 takes no descriptor; it gets this one's path.
Result<Mounted, Error> mount_at(const Options& options, const Fd& mountpoint);

}  // namespace sluice::mount
