// SPDX-License-Identifier: MIT
#include "sluice/fuse/later.h"

namespace sluice::fuse {
namespace detail {

Delivery answer_later(Later& later, int error, Bytes body) noexcept {
  later.table->remove(later.unique);
  return later.pending->commit(error, body);
}

void abandon_later(Later& later) noexcept {
  {
    std::lock_guard lock{later.table->mutex_};
    ++later.table->abandoned_;
  }
  answer_later(later, EIO, {});
}

void set_on_interrupt(Later& later, std::function<void()> callback) {
  {
    std::lock_guard lock{later.table->mutex_};
    if (!later.interrupted) {
      later.on_interrupt = std::move(callback);
      return;
    }
  }
  callback();
}

bool later_interrupted(const Later& later) noexcept {
  std::lock_guard lock{later.table->mutex_};
  return later.interrupted;
}

}  // namespace detail

std::shared_ptr<detail::Later> LaterReplies::add(std::unique_ptr<Pending> pending,
                                                 wire::Opcode opcode, Unique unique,
                                                 std::size_t asked) {
  auto later = std::make_shared<detail::Later>();
  later->pending = std::move(pending);
  later->opcode = opcode;
  later->unique = unique;
  later->asked = asked;
  later->table = this;
  std::lock_guard lock{mutex_};
  waiting_.insert_or_assign(raw(unique), later);
  return later;
}

bool LaterReplies::interrupt(Unique unique) {
  std::function<void()> callback;
  {
    std::lock_guard lock{mutex_};
    auto found = waiting_.find(raw(unique));
    if (found == waiting_.end()) return false;
    found->second->interrupted = true;
    callback = std::exchange(found->second->on_interrupt, nullptr);
  }
  if (callback) callback();
  return true;
}

void LaterReplies::remove(Unique unique) noexcept {
  std::lock_guard lock{mutex_};
  waiting_.erase(raw(unique));
}

std::size_t LaterReplies::waiting() const noexcept {
  std::lock_guard lock{mutex_};
  return waiting_.size();
}

std::uint64_t LaterReplies::abandoned() const noexcept {
  std::lock_guard lock{mutex_};
  return abandoned_;
}

}  // namespace sluice::fuse
