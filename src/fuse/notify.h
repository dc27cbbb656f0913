// SPDX-License-Identifier: MIT
// What a server tells the kernel unasked. Every call here may wait for locks that the kernel holds
// while it waits for us: call only from a thread that never serves requests, and hold no lock that
// a serving thread may want. invalidate_node without a range and expire_all are safe anywhere.
// source: linux fs/fuse/dev.c fuse_notify(), fs/fuse/dir.c fuse_reverse_inval_entry()
#pragma once

#include <string_view>

#include "sluice/fuse/channel.h"
#include "sluice/base/ids.h"

namespace sluice::fuse {

enum class Expire {
  drop,       // the name is dropped, with mounts and working directories below it
  next_time,  // the name is looked up again before it is used again (Linux 6.3)
};

class Notifier {
 public:
  // `connection` outlives the notifier.
  explicit Notifier(Connection& connection) noexcept : connection_{connection} {}

  // errors of all: ENOENT the kernel does not know it (nothing to do); ENODEV unmounted; EINVAL
  // or ENOSYS the kernel is older than the notification.

  // Attributes (and ACLs) of `node` are stale. Pages stay.
  Result<void> invalidate_attributes(NodeId node) noexcept;
  // Pages of `node` from `offset` for `length` bytes are stale too; length 0 or less: to the end.
  Result<void> invalidate_data(NodeId node, std::int64_t offset, std::int64_t length) noexcept;
  Result<void> invalidate_entry(NodeId parent, std::string_view name, Expire how) noexcept;
  // `name` in `parent`, which was `child`, is gone; open files and watches learn of it.
  Result<void> deleted(NodeId parent, NodeId child, std::string_view name) noexcept;
  // Puts `data` into the kernel's cache of `node`.
  Result<void> store(NodeId node, std::uint64_t offset, Bytes data) noexcept;
  // Asks for cached data; it comes back as a NOTIFY_REPLY under `unique`.
  Result<void> retrieve(Unique unique, NodeId node, std::uint64_t offset, std::uint32_t size) noexcept;
  // Wakes those who poll the file that POLL named by `kernel_handle`.
  Result<void> wake_poll(std::uint64_t kernel_handle) noexcept;
  // Every name the kernel remembers is looked up again before use (Linux 6.16).
  Result<void> expire_all() noexcept;
  // Requests that were read and not answered come again, with bit 63 of their unique set (6.9).
  Result<void> resend() noexcept;
  // Unused names of these nodes are dropped, which leads to FORGETs (Linux 6.18).
  Result<void> prune(std::span<const NodeId> nodes) noexcept;

 private:
  Connection& connection_;
};

}  // namespace sluice::fuse
