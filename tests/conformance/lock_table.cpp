// SPDX-License-Identifier: MIT
#include "conformance/lock_table.h"

#include <fcntl.h>

namespace conformance {

using namespace sluice;

namespace {

bool overlap(const wire::FileLock& a, const wire::FileLock& b) {
  return a.start <= b.end && b.start <= a.end;
}

bool same_kind(const LockTable::Claim& a, const LockTable::Claim& b) {
  return a.node == b.node && a.flock == b.flock;
}

}  // namespace

const LockTable::Claim* LockTable::find_conflict(const Claim& claim) const {
  for (const Claim& held : held_) {
    if (!same_kind(held, claim) || held.owner == claim.owner) continue;
    if (!overlap(held.lock, claim.lock)) continue;
    if (held.lock.type == F_WRLCK || claim.lock.type == F_WRLCK) return &held;
  }
  return nullptr;
}

LockTable::Lock LockTable::conflict(const Claim& claim) const {
  std::lock_guard lock{mutex_};
  const Claim* held = find_conflict(claim);
  if (held != nullptr) return held->lock;
  Lock none = claim.lock;
  none.type = F_UNLCK;
  return none;
}

void LockTable::apply(const Claim& claim) {
  std::vector<Claim> kept;
  for (const Claim& held : held_) {
    if (!same_kind(held, claim) || held.owner != claim.owner || !overlap(held.lock, claim.lock)) {
      kept.push_back(held);
      continue;
    }
    if (held.lock.start < claim.lock.start) {
      kept.push_back(held);
      kept.back().lock.end = claim.lock.start - 1;
    }
    if (held.lock.end > claim.lock.end) {
      kept.push_back(held);
      kept.back().lock.start = claim.lock.end + 1;
    }
  }
  held_ = std::move(kept);
  if (claim.lock.type != F_UNLCK) held_.push_back(claim);
}

void LockTable::serve_waiters() {
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    if (find_conflict(waiter->claim) != nullptr) {
      ++waiter;
      continue;
    }
    apply(waiter->claim);
    if (waiter->reply.answer() != fuse::Delivery::taken) {
      waiter->claim.lock.type = F_UNLCK;
      apply(waiter->claim);
    }
    waiter = waiters_.erase(waiter);
  }
}

Result<void> LockTable::set(const Claim& claim) {
  std::lock_guard lock{mutex_};
  if (claim.lock.type != F_UNLCK && find_conflict(claim) != nullptr) return fail(EAGAIN);
  apply(claim);
  serve_waiters();
  return {};
}

void LockTable::set_wait(const Claim& claim, fuse::Reply<fuse::Done> reply) {
  // Before the mutex is taken, since an interrupt that came already calls back at once; it finds
  // no waiter then, and the question below finds the interrupt.
  reply.on_interrupt([this, unique = reply.unique()] { interrupt(unique); });
  std::lock_guard lock{mutex_};
  if (reply.interrupted()) {
    static_cast<void>(reply.fail(EINTR));
    return;
  }
  waiters_.push_back({claim, std::move(reply)});
  serve_waiters();
}

void LockTable::interrupt(Unique unique) {
  std::lock_guard lock{mutex_};
  for (auto waiter = waiters_.begin(); waiter != waiters_.end(); ++waiter) {
    if (waiter->reply.unique() != unique) continue;
    static_cast<void>(waiter->reply.fail(EINTR));
    waiters_.erase(waiter);
    return;
  }
}

void LockTable::drop(NodeId node, LockOwner owner, bool flock) {
  std::lock_guard lock{mutex_};
  std::erase_if(held_, [&](const Claim& held) {
    return held.node == node && held.owner == owner && held.flock == flock;
  });
  serve_waiters();
}

}  // namespace conformance
