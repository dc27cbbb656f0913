// SPDX-License-Identifier: MIT
// Byte-range and whole-file locks of a file system in memory, with waiters that are answered later.
#pragma once

#include <list>
#include <mutex>
#include <vector>

#include "sluice/fuse/ops_lock.h"
#include "sluice/fuse/reply.h"

namespace conformance {

class LockTable {
 public:
  using Lock = sluice::wire::FileLock;
  struct Claim {
    sluice::NodeId node{};
    sluice::LockOwner owner{};
    bool flock = false;
    Lock lock;
  };

  // The first lock in the way of `claim`; type F_UNLCK where there is none.
  Lock conflict(const Claim& claim) const;
  // errors: EAGAIN.
  sluice::Result<void> set(const Claim& claim);
  // Answers when the lock is had, or EINTR when the caller is interrupted.
  void set_wait(const Claim& claim, sluice::fuse::Reply<sluice::fuse::Done> reply);
  // Lets go of everything of `owner` on `node`.
  void drop(sluice::NodeId node, sluice::LockOwner owner, bool flock);

 private:
  struct Waiter {
    Claim claim;
    sluice::fuse::Reply<sluice::fuse::Done> reply;
  };
  const Claim* find_conflict(const Claim& claim) const;
  void apply(const Claim& claim);
  void serve_waiters();
  void interrupt(sluice::Unique unique);

  mutable std::mutex mutex_;  // guards all below
  std::vector<Claim> held_;
  std::list<Waiter> waiters_;
};

}  // namespace conformance
