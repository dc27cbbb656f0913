// SPDX-License-Identifier: MIT
// Locks that the kernel sends here (--locks=shared).
#include "sluice/mirror/mirror.h"

namespace sluice::mirror {
namespace {

template <class Op>
LockService::Wish wish_of(const Op& r) noexcept {
  return {r.node, r.handle, r.owner, r.lock, r.flags.has(wire::LkFlag::flock)};
}

}  // namespace

Result<fuse::LockInfo> Mirror::get_lock(const fuse::GetLock& r) {
  if (!locks_) return fail(ENOSYS);
  return fuse::LockInfo{TRY(locks_->query(wish_of(r)))};
}

Result<void> Mirror::set_lock(const fuse::SetLock& r) {
  if (!locks_) return fail(ENOSYS);
  return locks_->set(wish_of(r));
}

void Mirror::set_lock_wait(const fuse::SetLockWait& r, fuse::Reply<fuse::Done> reply) {
  if (!locks_) {
    reply.fail(ENOSYS);
    return;
  }
  locks_->wait(wish_of(r), std::move(reply));
}

}  // namespace sluice::mirror
