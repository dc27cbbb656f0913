// SPDX-License-Identifier: MIT
// A reply to be given later, for handlers that must wait without holding a worker thread (a lock,
// a poll, a slow inspector). Move-only; one that is dropped unanswered answers EIO and is counted,
// because a caller left waiting forever is the one thing that must not happen.
#pragma once

#include <functional>
#include <memory>

#include "sluice/fuse/codec.h"
#include "sluice/fuse/channel.h"

namespace sluice::fuse {

class LaterReplies;

namespace detail {

// One request answered later. Shared between its Reply and the session's table of those.
struct Later {
  std::unique_ptr<Pending> pending;
  wire::Opcode opcode{};
  Unique unique{};
  std::size_t asked = 0;
  LaterReplies* table = nullptr;
  bool interrupted = false;                // guarded by the table's mutex
  std::function<void()> on_interrupt;      // likewise
};

// Takes `later` out of the table and sends. locks: the table's, released before sending.
Delivery answer_later(Later& later, int error, Bytes body) noexcept;
void abandon_later(Later& later) noexcept;
void set_on_interrupt(Later& later, std::function<void()> callback);
bool later_interrupted(const Later& later) noexcept;

}  // namespace detail

template <class Answer>
class Reply {
 public:
  explicit Reply(std::shared_ptr<detail::Later> later) noexcept : later_{std::move(later)} {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&& other) noexcept {
    if (this != &other) {
      abandon();
      later_ = std::move(other.later_);
    }
    return *this;
  }
  ~Reply() { abandon(); }

  Unique unique() const noexcept { return later_->unique; }
  bool interrupted() const noexcept { return detail::later_interrupted(*later_); }

  // Calls `callback` once, from a worker thread, when the caller is interrupted; at once where
  // that has happened already. It must be quick, and must not answer while it holds a lock that
  // the answering side takes.
  void on_interrupt(std::function<void()> callback) {
    detail::set_on_interrupt(*later_, std::move(callback));
  }

  Delivery fail(Errno error) noexcept { return finish(error.value(), {}); }
  Delivery answer(const Answer& value) noexcept {
    std::byte room[kPendingBody];
    wire::Writer out{MutableBytes{room}};
    if (!encode_answer(value, out, later_->opcode, later_->asked)) return finish(EIO, {});
    return finish(0, Bytes{room, out.size()});
  }
  Delivery answer() noexcept
    requires std::is_same_v<Answer, Done>
  {
    return finish(0, {});
  }

 private:
  Delivery finish(int error, Bytes body) noexcept {
    auto later = std::exchange(later_, nullptr);
    return later ? detail::answer_later(*later, error, body) : Delivery::malformed;
  }
  void abandon() noexcept {
    if (auto later = std::exchange(later_, nullptr)) detail::abandon_later(*later);
  }

  std::shared_ptr<detail::Later> later_;
};

}  // namespace sluice::fuse
