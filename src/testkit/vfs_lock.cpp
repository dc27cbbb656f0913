// SPDX-License-Identifier: MIT
// Locks: kept here, or sent to the server where INIT settled that.
// source: linux fs/fuse/file.c fuse_file_lock(), fuse_file_flock(), fuse_setlk()
#include <unistd.h>

#include <limits>

#include "sluice/testkit/vfs.h"

namespace sluice::testkit {
namespace {

constexpr auto kEnd = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());

}  // namespace

const Vfs::LocalLock* Vfs::in_the_way(const LocalLock& lock) const {
  for (const LocalLock& held : locks_) {
    const bool other = held.file != lock.file && held.node == lock.node && held.kind == lock.kind;
    const bool overlaps = held.start <= lock.end && lock.start <= held.end;
    if (other && overlaps && (held.type == F_WRLCK || lock.type == F_WRLCK)) return &held;
  }
  return nullptr;
}

Result<void> Vfs::lock_here(const LocalLock& lock) {
  if (lock.type != F_UNLCK && in_the_way(lock) != nullptr) return fail(EAGAIN);
  std::vector<LocalLock> kept;
  for (const LocalLock& held : locks_) {
    const bool mine = held.file == lock.file && held.kind == lock.kind;
    if (!mine || held.end < lock.start || lock.end < held.start) {
      kept.push_back(held);
      continue;
    }
    if (held.start < lock.start) {
      kept.push_back(held);
      kept.back().end = lock.start - 1;
    }
    if (held.end > lock.end) {
      kept.push_back(held);
      kept.back().start = lock.end + 1;
    }
  }
  locks_ = std::move(kept);
  if (lock.type != F_UNLCK) locks_.push_back(lock);
  return {};
}

Result<void> Vfs::lock_there(int file, const LocalLock& lock, Waiting waiting) {
  Opened* opened = TRY(this->opened(file));
  const auto fill = [&](auto op) {
    op.node = lock.node;
    op.handle = opened->file.handle;
    op.owner = LockOwner{static_cast<std::uint64_t>(file)};
    op.lock.start = lock.start;
    op.lock.end = lock.end;
    op.lock.type = static_cast<std::uint32_t>(lock.type);
    op.lock.pid = lock.type == F_UNLCK ? 0 : static_cast<std::uint32_t>(::getpid());
    if (lock.kind == LockKind::whole) op.flags.set(wire::LkFlag::flock);
    return op;
  };
  if (lock.kind == LockKind::whole) opened->flocked = true;
  auto done = waiting == Waiting::yes ? kernel_.call(fill(fuse::SetLockWait{}))
                                      : kernel_.call(fill(fuse::SetLock{}));
  if (!done) return fail(done.error());
  return {};
}

Result<void> Vfs::lock(int file, LockKind kind, int type, off_t start, off_t size,
                       Waiting waiting) {
  const Opened* opened = TRY(this->opened(file));
  if (start < 0 || size < 0) return fail(EINVAL);
  LocalLock lock{.file = file, .node = opened->file.node, .kind = kind, .type = type};
  lock.start = kind == LockKind::whole ? 0 : static_cast<std::uint64_t>(start);
  const bool to_end = kind == LockKind::whole || size == 0;
  lock.end = to_end ? kEnd : lock.start + static_cast<std::uint64_t>(size) - 1;
  if (kind == LockKind::range) {
    const int mode = opened->flags & O_ACCMODE;
    if (type == F_RDLCK && mode == O_WRONLY) return fail(EBADF);
    if (type == F_WRLCK && mode == O_RDONLY) return fail(EBADF);
  }
  const auto flag =
      kind == LockKind::whole ? wire::InitFlag::flock_locks : wire::InitFlag::posix_locks;
  if (kernel_.negotiated().has(flag)) return lock_there(file, lock, waiting);
  return lock_here(lock);
}

Result<int> Vfs::locked_by(int file, int type, off_t start, off_t size) {
  const Opened* opened = TRY(this->opened(file));
  LocalLock lock{.file = file, .node = opened->file.node, .kind = LockKind::range, .type = type};
  lock.start = static_cast<std::uint64_t>(start);
  lock.end = size == 0 ? kEnd : lock.start + static_cast<std::uint64_t>(size) - 1;
  if (!kernel_.negotiated().has(wire::InitFlag::posix_locks)) {
    const LocalLock* held = in_the_way(lock);
    return held == nullptr ? F_UNLCK : held->type;
  }
  fuse::GetLock op;
  op.node = lock.node;
  op.handle = opened->file.handle;
  op.owner = LockOwner{static_cast<std::uint64_t>(file)};
  op.lock.start = lock.start;
  op.lock.end = lock.end;
  op.lock.type = static_cast<std::uint32_t>(type);
  return static_cast<int>(TRY(kernel_.call(op)).lock.type);
}

}  // namespace sluice::testkit
