// SPDX-License-Identifier: MIT
// Locks, sent once POSIX_LOCKS or FLOCK_LOCKS is taken. `flags` has LkFlag::flock for flock(2);
// otherwise the range is a POSIX or OFD lock's. Not taken, the kernel keeps locks by itself.
// source: linux fs/fuse/file.c fuse_setlk(), fuse_getlk()
#pragma once

#include "sluice/fuse/op.h"

namespace sluice::fuse {

namespace detail {
template <class Op>
using LockLayout = Layout<wire::LkIn, Field<&Op::handle, &wire::LkIn::fh>,
                          Field<&Op::owner, &wire::LkIn::owner>, Field<&Op::lock, &wire::LkIn::lk>,
                          Field<&Op::flags, &wire::LkIn::lk_flags>>;
}  // namespace detail

// Says which lock, if any, stands in the way of `lock`.
struct GetLock : Request {
  using Answer = LockInfo;
  SLUICE_HANDLER(get_lock)
  FileHandle handle{};
  LockOwner owner{};
  wire::FileLock lock{};
  Flags<wire::LkFlag> flags;
  using Wire = Forms<Form<Opcode::getlk, detail::LockLayout<GetLock>>>;
};

// Takes or releases a lock without waiting. errors: EAGAIN.
struct SetLock : Request {
  using Answer = Done;
  SLUICE_HANDLER(set_lock)
  FileHandle handle{};
  LockOwner owner{};
  wire::FileLock lock{};
  Flags<wire::LkFlag> flags;
  using Wire = Forms<Form<Opcode::setlk, detail::LockLayout<SetLock>>>;
};

// Takes a lock, waiting for it. A handler that waits takes a Reply<Done> and answers later; it
// answers EINTR when the reply says the caller was interrupted.
struct SetLockWait : Request {
  using Answer = Done;
  SLUICE_HANDLER(set_lock_wait)
  FileHandle handle{};
  LockOwner owner{};
  wire::FileLock lock{};
  Flags<wire::LkFlag> flags;
  using Wire = Forms<Form<Opcode::setlkw, detail::LockLayout<SetLockWait>>>;
};

}  // namespace sluice::fuse
