// SPDX-License-Identifier: MIT
// Locks taken on the lower files, for --locks=shared: POSIX and OFD locks as OFD locks, flock(2) as
// itself. Each owner has a lower descriptor of its own, so that owners conflict with each other and
// with whoever uses the lower tree.
//
// A caller that must wait holds no worker: its reply is kept, and one thread tries again, at once
// when a lock is let go here, and with pauses of 1 to 50 ms for locks that others hold.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <thread>

#include "sluice/base/fd.h"
#include "sluice/fuse/op_list.h"
#include "sluice/fuse/reply.h"

namespace sluice::mirror {

class LockService {
 public:
  // Opens a node's lower file for locking.
  using Open = std::function<Result<Fd>(NodeId)>;
  explicit LockService(Open open);
  ~LockService();  // waiting callers get EINTR
  LockService(const LockService&) = delete;

  struct Wish {
    NodeId node{};
    FileHandle handle{};
    LockOwner owner{};
    wire::FileLock lock{};
    bool is_flock = false;
  };

  Result<wire::FileLock> query(const Wish& wish);
  // errors: EAGAIN another holds it; those of fcntl(2).
  Result<void> set(const Wish& wish);
  // The same, waiting; answers EINTR when the caller was interrupted. errors: ENOLCK too many wait.
  void wait(const Wish& wish, fuse::Reply<fuse::Done> reply);

  // A descriptor was closed by `owner`: its POSIX locks on the node go.
  void flush(NodeId node, LockOwner owner);
  // An open file is gone: flock's lock of `owner` if it had one, and OFD locks taken through it.
  void release(NodeId node, FileHandle handle, bool had_flock, LockOwner owner);

  std::size_t waiting() const;

 private:
  struct Key {
    NodeId node;
    LockOwner owner;
    bool is_flock;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Holder {
    Fd fd;
    FileHandle last_handle{};
    std::uint32_t pid = 0;
    unsigned waiters = 0;
  };
  struct Waiter {
    Wish wish;
    fuse::Reply<fuse::Done> reply;
    std::uint64_t number;
    std::chrono::steady_clock::time_point due;
    std::chrono::milliseconds pause{1};
    bool interrupted = false;
  };
  static constexpr std::size_t kMostWaiting = 65536;

  Result<Holder*> holder(const Key& key);
  Result<void> attempt(Holder& holder, const Wish& wish);
  void enlist(Holder& holder, const Wish& wish, fuse::Reply<fuse::Done> reply, std::uint64_t number);
  void interrupted(std::uint64_t number);
  static void unlock(const Key& key, const Holder& holder) noexcept;
  void wake(NodeId node);
  void run();
  void try_due(std::unique_lock<std::mutex>& lock);

  Open open_;
  std::atomic<std::uint64_t> next_number_{1};
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::map<Key, Holder> holders_;
  std::list<Waiter> waiters_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace sluice::mirror
