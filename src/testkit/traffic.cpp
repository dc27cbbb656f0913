// SPDX-License-Identifier: MIT
#include "sluice/testkit/traffic.h"

#include <string>

#include "sluice/base/ids.h"
#include "sluice/testkit/reply_shape.h"

namespace sluice::testkit {
namespace {

using fuse::Delivery;
using wire::Opcode;

bool never_answered(const Message& message) {
  switch (static_cast<Opcode>(message.header.opcode)) {
    case Opcode::forget:
    case Opcode::batch_forget:
    case Opcode::interrupt:
    case Opcode::notify_reply: return true;
    default: return false;
  }
}

std::shared_ptr<Message> interrupt_for(std::uint64_t unique) {
  auto interrupt = std::make_shared<Message>();
  interrupt->header.opcode = raw(Opcode::interrupt);
  interrupt->header.unique = unique | wire::kInterruptBit;
  wire::InterruptIn in{};
  in.unique = unique;
  const Bytes bytes = bytes_of(in);
  interrupt->body.assign(bytes.begin(), bytes.end());
  interrupt->fixed = bytes.size();
  interrupt->header.len = static_cast<std::uint32_t>(sizeof(wire::InHeader) + bytes.size());
  return interrupt;
}

}  // namespace

std::string describe(const Message& message) {
  return std::string{name_of(static_cast<Opcode>(message.header.opcode))} + " " +
         std::to_string(message.header.unique) + " of node " +
         std::to_string(message.header.nodeid);
}

std::uint64_t Traffic::next_unique() noexcept {
  std::lock_guard lock{mutex_};
  return last_unique_ += 2;
}

void Traffic::queue(std::shared_ptr<Message> message) {
  std::lock_guard lock{mutex_};
  if (ended_) {
    message->stage = Message::Stage::answered;
    message->error = ENOTCONN;
    return;
  }
  waiting_[message->header.unique] = message;
  pending_.push_back(std::move(message));
  to_server_.notify_one();
}

void Traffic::begin(const std::shared_ptr<Message>& message) {
  std::lock_guard lock{mutex_};
  if (ended_) {
    message->stage = Message::Stage::answered;
    message->error = ENOTCONN;
    return;
  }
  message->stage = Message::Stage::taken;
  if (!never_answered(*message)) waiting_[message->header.unique] = message;
}

void Traffic::queue_unanswered(std::shared_ptr<Message> message) {
  std::lock_guard lock{mutex_};
  if (ended_) return;
  urgent_.push_back(std::move(message));
  to_server_.notify_one();
}

void Traffic::wait(const Message& message) {
  std::unique_lock lock{mutex_};
  const bool answered = to_callers_.wait_for(
      lock, patience_, [&] { return message.stage == Message::Stage::answered; });
  if (answered) return;
  auto found = waiting_.find(message.header.unique);
  if (found == waiting_.end()) return;
  breaches_.add(describe(message) + " was never answered");
  finish(*found->second, ETIMEDOUT, {});
}

Result<std::shared_ptr<Message>> Traffic::take() {
  std::unique_lock lock{mutex_};
  to_server_.wait(lock, [&] { return ended_ || !urgent_.empty() || !pending_.empty(); });
  // An unmounted connection still hands out what was queued before, an aborted one does not.
  if (ended_ == How::abort) return fail(ECONNABORTED);
  auto& from = !urgent_.empty() ? urgent_ : pending_;
  if (from.empty()) return fail(ENODEV);
  std::shared_ptr<Message> message = std::move(from.front());
  from.pop_front();
  message->stage = Message::Stage::taken;
  return message;
}

void Traffic::finish(Message& message, int error, Bytes body) {
  message.stage = Message::Stage::answered;
  message.error = error;
  message.reply.assign(body.begin(), body.end());
  waiting_.erase(message.header.unique);
  to_callers_.notify_all();
}

Delivery Traffic::answer_interrupt(std::uint64_t unique, int error, Bytes body) {
  auto found = waiting_.find(unique & ~wire::kInterruptBit);
  if (!body.empty()) breaches_.add("a reply to INTERRUPT has a body");
  if (error == EAGAIN) {
    ++asked_again_;
  } else if (error != ENOSYS) {
    breaches_.add("a reply to INTERRUPT says " + std::to_string(error) + ", not EAGAIN or ENOSYS");
  }
  if (found == waiting_.end()) return Delivery::refused;
  if (error == EAGAIN && repeats_ && !ended_) {
    urgent_.push_back(interrupt_for(found->first));
    to_server_.notify_one();
  }
  return Delivery::taken;
}

Delivery Traffic::answer(std::uint64_t unique, int error, Bytes body) {
  std::lock_guard lock{mutex_};
  if ((unique & wire::kInterruptBit) != 0) return answer_interrupt(unique, error, body);
  auto found = waiting_.find(unique);
  if (found == waiting_.end()) {
    if (!ended_) breaches_.add("a reply to " + std::to_string(unique) + ", which waits for none");
    return Delivery::refused;
  }
  const auto held = found->second;
  Message& message = *held;
  if (message.stage != Message::Stage::taken) {
    breaches_.add(describe(message) + " was answered before it was read");
    return Delivery::refused;
  }
  const auto opcode = static_cast<Opcode>(message.header.opcode);
  const char* wrong = nullptr;
  if (error < 0 || error > kMaxErrno) {
    wrong = " was answered with an error out of range";
  } else if (error != 0 && !body.empty()) {
    wrong = " was answered with an error and a body";
  } else if (error == 0 && !has_reply_shape(opcode, body, message.asked)) {
    wrong = " was answered with a wrong length";
  }
  if (wrong != nullptr) {
    breaches_.add(describe(message) + wrong + " (error " + std::to_string(error) + ", " +
                  std::to_string(body.size()) + " bytes)");
    finish(message, EIO, {});
    return Delivery::malformed;
  }
  if (message.fate == Fate::refused) {
    finish(message, EINTR, {});
    return Delivery::refused;
  }
  finish(message, error, body);
  return Delivery::taken;
}

void Traffic::dropped(std::uint64_t unique) {
  std::lock_guard lock{mutex_};
  auto found = waiting_.find(unique);
  if (found == waiting_.end()) return;
  auto message = found->second;
  breaches_.add(describe(*message) + " was dropped without an answer");
  finish(*message, EIO, {});
}

void Traffic::detached(std::uint64_t unique) {
  std::lock_guard lock{mutex_};
  auto found = waiting_.find(unique);
  if (found != waiting_.end()) found->second->detached = true;
}

void Traffic::returned(std::uint64_t unique) {
  std::lock_guard lock{mutex_};
  auto found = waiting_.find(unique);
  if (found == waiting_.end() || found->second->detached) return;
  auto message = found->second;
  breaches_.add(describe(*message) + " was served and not answered");
  finish(*message, EIO, {});
}

std::shared_ptr<Message> Traffic::interrupt(std::uint64_t unique) {
  std::lock_guard lock{mutex_};
  auto found = waiting_.find(unique);
  if (found == waiting_.end()) return nullptr;
  auto message = found->second;
  message->interrupted = true;
  if (message->stage == Message::Stage::queued) {
    std::erase(pending_, message);
    finish(*message, EINTR, {});
    return nullptr;
  }
  return interrupt_for(unique);
}

bool Traffic::in_flight(std::uint64_t unique) const {
  std::lock_guard lock{mutex_};
  return waiting_.contains(unique);
}

void Traffic::resend() {
  std::lock_guard lock{mutex_};
  std::vector<std::shared_ptr<Message>> again;
  for (const auto& [unique, message] : waiting_) {
    if (message->stage == Message::Stage::taken) again.push_back(message);
  }
  for (auto& message : again) {
    waiting_.erase(message->header.unique);
    message->header.unique |= wire::kResendBit;
    message->stage = Message::Stage::queued;
    waiting_[message->header.unique] = message;
    pending_.push_back(message);
  }
  to_server_.notify_all();
}

std::uint64_t Traffic::asked_again() const {
  std::lock_guard lock{mutex_};
  return asked_again_;
}

void Traffic::end(How how) {
  std::lock_guard lock{mutex_};
  if (!ended_ || how == How::abort) ended_ = how;
  while (!waiting_.empty()) {
    auto message = waiting_.begin()->second;
    finish(*message, ENOTCONN, {});
  }
  pending_.clear();
  to_server_.notify_all();
  to_callers_.notify_all();
}

}  // namespace sluice::testkit
