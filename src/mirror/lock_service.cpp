// SPDX-License-Identifier: MIT
#include "sluice/mirror/lock_service.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace sluice::mirror {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kFirstPause{1};
constexpr std::chrono::milliseconds kLongestPause{50};

// Between a range as the protocol has it (last byte included) and as fcntl(2) has it.
struct flock to_fcntl(const wire::FileLock& lock) noexcept {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
  struct flock out {};
  out.l_type = static_cast<short>(lock.type);
  out.l_whence = SEEK_SET;
  out.l_start = static_cast<off_t>(std::min(lock.start, kMost));
  out.l_len = lock.end >= kMost ? 0 : static_cast<off_t>(lock.end - lock.start + 1);
  return out;
}

wire::FileLock from_fcntl(const struct flock& lock) noexcept {
  wire::FileLock out{};
  out.type = static_cast<std::uint32_t>(lock.l_type);
  out.start = static_cast<std::uint64_t>(lock.l_start);
  out.end = lock.l_len == 0
                ? static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())
                : static_cast<std::uint64_t>(lock.l_start) + static_cast<std::uint64_t>(lock.l_len) - 1;
  out.pid = lock.l_pid > 0 ? static_cast<std::uint32_t>(lock.l_pid) : 0;
  return out;
}

Result<int> flock_operation(std::uint32_t type) noexcept {
  switch (type) {
    case F_RDLCK: return LOCK_SH | LOCK_NB;
    case F_WRLCK: return LOCK_EX | LOCK_NB;
    case F_UNLCK: return LOCK_UN;
    default: return fail(EINVAL);
  }
}

}  // namespace

LockService::LockService(Open open) : open_{std::move(open)} {}

LockService::~LockService() {
  std::list<Waiter> left;
  {
    std::lock_guard lock{mutex_};
    ending_ = true;
    left.swap(waiters_);
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (Waiter& waiter : left) waiter.reply.fail(EINTR);
}

Result<LockService::Holder*> LockService::holder(const Key& key) {
  auto found = holders_.find(key);
  if (found != holders_.end()) return &found->second;
  Holder made;
  made.fd = TRY(open_(key.node));
  return &holders_.emplace(key, std::move(made)).first->second;
}

Result<void> LockService::attempt(Holder& holder, const Wish& wish) {
  if (wish.is_flock) {
    if (::flock(holder.fd.get(), TRY(flock_operation(wish.lock.type))) != 0) return fail_last();
  } else {
    if (wish.lock.end < wish.lock.start) return fail(EINVAL);
    struct flock range = to_fcntl(wish.lock);
    if (::fcntl(holder.fd.get(), F_OFD_SETLK, &range) != 0) {
      return fail(errno == EACCES ? Errno{EAGAIN} : Errno::last());
    }
  }
  if (wish.lock.type != F_UNLCK) {
    holder.last_handle = wish.handle;
    holder.pid = wish.lock.pid;
  }
  return {};
}

Result<wire::FileLock> LockService::query(const Wish& wish) {
  if (wish.lock.end < wish.lock.start) return fail(EINVAL);
  std::lock_guard lock{mutex_};
  const Key key{wish.node, wish.owner, wish.is_flock};
  Holder* mine = TRY(holder(key));
  struct flock range = to_fcntl(wish.lock);
  if (::fcntl(mine->fd.get(), F_OFD_GETLK, &range) != 0) return fail_last();
  if (range.l_type == F_UNLCK) {
    wire::FileLock none = wish.lock;
    none.type = F_UNLCK;
    none.pid = 0;
    return none;
  }
  wire::FileLock out = from_fcntl(range);
  // The lower file system names no process for such a lock. Where one other caller of this mount
  // holds locks on the file, it is that one's.
  if (out.pid == 0) {
    for (auto& [other, held] : holders_) {
      if (other.node == wish.node && other != key && held.pid != 0) out.pid = held.pid;
    }
  }
  return out;
}

Result<void> LockService::set(const Wish& wish) {
  std::lock_guard lock{mutex_};
  Holder* mine = TRY(holder(Key{wish.node, wish.owner, wish.is_flock}));
  TRY(attempt(*mine, wish));
  // A new range may replace a stricter one of the same owner; so this too may let others go on.
  wake(wish.node);
  return {};
}

void LockService::interrupted(std::uint64_t number) {
  std::lock_guard lock{mutex_};
  for (Waiter& waiter : waiters_) {
    if (waiter.number != number) continue;
    waiter.interrupted = true;
    waiter.due = Clock::now();
  }
  changed_.notify_all();
}

void LockService::wait(const Wish& wish, fuse::Reply<fuse::Done> reply) {
  const std::uint64_t number = next_number_.fetch_add(1);
  // Before the mutex is taken, since it may call at once. An interruption that comes before the
  // waiter is in the list is seen by `reply.interrupted()` below.
  reply.on_interrupt([this, number] { interrupted(number); });
  std::unique_lock lock{mutex_};
  auto mine = holder(Key{wish.node, wish.owner, wish.is_flock});
  Result<void> done = mine ? attempt(**mine, wish) : Result<void>{std::unexpected{mine.error()}};
  if (!done && done.error() == Errno{EAGAIN}) {
    if (waiters_.size() < kMostWaiting && !ending_) return enlist(**mine, wish, std::move(reply), number);
    done = fail(ENOLCK);
  }
  if (done) wake(wish.node);
  lock.unlock();
  done ? reply.answer() : reply.fail(done.error());
}

void LockService::enlist(Holder& holder, const Wish& wish, fuse::Reply<fuse::Done> reply,
                         std::uint64_t number) {
  if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
  ++holder.waiters;
  Waiter waiter{wish, std::move(reply), number, Clock::now() + kFirstPause};
  waiter.interrupted = waiter.reply.interrupted();
  if (waiter.interrupted) waiter.due = Clock::now();
  waiters_.push_back(std::move(waiter));
  changed_.notify_all();
}

void LockService::wake(NodeId node) {
  bool any = false;
  for (Waiter& waiter : waiters_) {
    if (waiter.wish.node != node) continue;
    waiter.due = Clock::now();
    any = true;
  }
  if (any) changed_.notify_all();
}

// Tries those whose time has come, oldest first. Replies are sent without the mutex.
void LockService::try_due(std::unique_lock<std::mutex>& lock) {
  struct Answer {
    fuse::Reply<fuse::Done> reply;
    std::optional<Errno> error;
  };
  std::list<Answer> answers;
  const auto now = Clock::now();
  for (auto at = waiters_.begin(); at != waiters_.end();) {
    Waiter& waiter = *at;
    if (waiter.due > now) {
      ++at;
      continue;
    }
    const Key key{waiter.wish.node, waiter.wish.owner, waiter.wish.is_flock};
    auto held = holders_.find(key);
    Result<void> done = fail(EINTR);
    if (!waiter.interrupted && held != holders_.end()) done = attempt(held->second, waiter.wish);
    if (!done && done.error() == Errno{EAGAIN}) {
      waiter.pause = std::min(waiter.pause * 2, kLongestPause);
      waiter.due = now + waiter.pause;
      ++at;
      continue;
    }
    if (held != holders_.end() && held->second.waiters > 0) --held->second.waiters;
    answers.push_back({std::move(waiter.reply), done ? std::nullopt : std::optional{done.error()}});
    at = waiters_.erase(at);
  }
  lock.unlock();
  for (Answer& answer : answers) {
    answer.error ? answer.reply.fail(*answer.error) : answer.reply.answer();
  }
  lock.lock();
}

void LockService::run() {
  std::unique_lock lock{mutex_};
  while (!ending_) {
    if (waiters_.empty()) {
      changed_.wait(lock);
      continue;
    }
    auto next = std::min_element(waiters_.begin(), waiters_.end(),
                                 [](const Waiter& a, const Waiter& b) { return a.due < b.due; });
    const auto due = next->due;
    if (due > Clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    try_due(lock);
  }
}

// Lets go by name and not by closing alone: were the descriptor shared with another process for a
// moment (a fork), closing ours would leave the lock.
void LockService::unlock(const Key& key, const Holder& holder) noexcept {
  if (key.is_flock) {
    ::flock(holder.fd.get(), LOCK_UN);
    return;
  }
  struct flock all {};
  all.l_type = F_UNLCK;
  all.l_whence = SEEK_SET;
  ::fcntl(holder.fd.get(), F_OFD_SETLK, &all);
}

void LockService::flush(NodeId node, LockOwner owner) {
  std::lock_guard lock{mutex_};
  auto found = holders_.find(Key{node, owner, false});
  if (found == holders_.end() || found->second.waiters > 0) return;
  unlock(found->first, found->second);
  holders_.erase(found);
  wake(node);
}

void LockService::release(NodeId node, FileHandle handle, bool had_flock, LockOwner owner) {
  std::lock_guard lock{mutex_};
  // What is left of POSIX locks when a file is released was taken by OFD owners: closing took the
  // others away (FLUSH).
  const auto gone = std::erase_if(holders_, [&](const auto& entry) {
    const auto& [key, held] = entry;
    if (key.node != node || held.waiters > 0) return false;
    const bool over = key.is_flock ? had_flock && key.owner == owner : held.last_handle == handle;
    if (over) unlock(key, held);
    return over;
  });
  if (gone > 0) wake(node);
}

std::size_t LockService::waiting() const {
  std::lock_guard lock{mutex_};
  return waiters_.size();
}

}  // namespace sluice::mirror
