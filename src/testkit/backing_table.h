// SPDX-License-Identifier: MIT
// The device's ioctls for passthrough, in every form that kernels have shipped, and the table of
// ids behind them. What was registered keeps a reference of its own to the open file, and the
// credentials of the thread that registered it.
// source: linux fs/fuse/backing.c; for the older ones see sluice/backing/abi.h
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/base/ids.h"
#include "sluice/testkit/profile.h"

namespace sluice::testkit {

// A registered lower file. Two registrations of one file are two objects, never the same.
struct Backing {
  Fd fd;
  unsigned fsuid = 0;  // of the registering thread: later writes run under it
};

class BackingTable {
 public:
  explicit BackingTable(const KernelProfile& profile) noexcept : profile_{profile} {}

  // INIT was answered, and passthrough taken or not; before that every ioctl answers EPERM.
  void settle(bool taken, std::uint32_t max_stack_depth);

  // errors: ENOTTY no such ioctl here; EPERM not settled, not taken or not privileged; EBADF,
  // EISDIR, EINVAL, ELOOP by what the descriptor is; ENOENT closing an unknown id.
  Result<int> ioctl(unsigned long request, void* argument);

  // What an open reply's id names; the older interfaces forget the id by that.
  // errors: EINVAL not above 0; ENOENT unknown.
  Result<std::shared_ptr<Backing>> use(BackingId id);

  // Ids that are registered and not closed or used up.
  std::vector<std::int32_t> open_ids() const;
  std::uint64_t registrations() const;

 private:
  Result<int> add(int fd);
  Result<int> check(int fd) const;
  Result<int> remove(std::uint32_t id);

  const KernelProfile& profile_;
  mutable std::mutex mutex_;  // guards all below
  bool taken_ = false;
  std::uint32_t max_stack_depth_ = 0;
  std::int32_t last_id_ = 0;
  std::map<std::int32_t, std::shared_ptr<Backing>> ids_;
};

}  // namespace sluice::testkit
