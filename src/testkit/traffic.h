// SPDX-License-Identifier: MIT
// Requests on their way and replies on theirs: the part of fs/fuse/dev.c that a server sees.
// A Message is queued, taken by a channel, and answered exactly once; interrupts and forgets have
// queues of their own that are read first, as in Linux. Every reply is checked here.
// source: linux fs/fuse/dev.c fuse_dev_do_read(), fuse_dev_do_write()
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "sluice/fuse/channel.h"
#include "sluice/testkit/breaches.h"

namespace sluice::testkit {

// What becomes of the reply to a request.
enum class Fate {
  taken,    // as usual
  refused,  // the caller is gone when the reply comes: the server is told ENOENT
};

// One request and what came of it. Members after `fate` are guarded by the Traffic's mutex.
struct Message {
  wire::InHeader header{};
  std::vector<std::byte> body;  // the arguments
  std::size_t fixed = 0;        // bytes of `body` that are the first fixed struct
  std::size_t asked = 0;        // bytes the reply may fill, for operations with a room
  Fate fate = Fate::taken;

  enum class Stage { queued, taken, answered } stage = Stage::queued;
  bool interrupted = false;
  bool detached = false;  // will be answered later, from any thread
  int error = 0;          // 0 or an errno
  std::vector<std::byte> reply;
};

// What an INTERRUPT came to.
enum class Interrupted {
  delivered,    // the server has it, or it waits in the queue
  asked_again,  // the server answered EAGAIN: it has not seen the request, or has answered it
  too_late,     // there is no such request any more
};

class Traffic {
 public:
  explicit Traffic(Breaches& breaches) noexcept : breaches_{breaches} {}

  // Gives the next free unique; they go up by two, from two.
  std::uint64_t next_unique() noexcept;

  // Puts a request where a channel finds it. errors (in the message): ENOTCONN after end().
  void queue(std::shared_ptr<Message> message);
  // Registers a request that its sender hands to the server itself.
  void begin(const std::shared_ptr<Message>& message);
  // Queues a request that is never answered (FORGET, INTERRUPT).
  void queue_unanswered(std::shared_ptr<Message> message);
  // Waits until `message` is answered. A wait without end is the server's fault: after `patience`
  // the request ends with ETIMEDOUT and a breach.
  void wait(const Message& message);
  void set_patience(std::chrono::milliseconds patience) noexcept { patience_ = patience; }

  // For channels. errors: ENODEV after end(), ECONNABORTED after abort().
  Result<std::shared_ptr<Message>> take();
  fuse::Delivery answer(std::uint64_t unique, int error, Bytes body);
  // The server let go of a request without a word; right for those that are never answered.
  void dropped(std::uint64_t unique);
  void detached(std::uint64_t unique);
  // The server has finished with a request in its own loop; it must be answered or detached.
  void returned(std::uint64_t unique);

  // Marks a request as interrupted; gives the INTERRUPT to send, or nothing where it is too late or
  // the server never saw the request (then that one ends with EINTR).
  std::shared_ptr<Message> interrupt(std::uint64_t unique);
  // From now on an INTERRUPT that was answered EAGAIN is queued again, as Linux does, until its
  // request is answered. For servers that take from the queue.
  void repeat_interrupts() noexcept { repeats_ = true; }
  // Says whether a request is still without an answer.
  bool in_flight(std::uint64_t unique) const;
  // Requests that were read and not answered are queued again, with the resend bit in their unique.
  void resend();
  std::uint64_t asked_again() const;

  // Ends the connection: channels are told ENODEV (or ECONNABORTED), callers ENOTCONN.
  enum class How { unmount, abort };
  void end(How how);

 private:
  fuse::Delivery answer_interrupt(std::uint64_t unique, int error, Bytes body);
  void finish(Message& message, int error, Bytes body);

  Breaches& breaches_;
  std::chrono::milliseconds patience_{20'000};
  bool repeats_ = false;  // set before there is any traffic

  mutable std::mutex mutex_;  // guards all below and the marked members of messages
  std::condition_variable to_server_;
  std::condition_variable to_callers_;
  std::uint64_t last_unique_ = 0;
  std::deque<std::shared_ptr<Message>> urgent_;  // INTERRUPT and FORGET
  std::deque<std::shared_ptr<Message>> pending_;
  std::map<std::uint64_t, std::shared_ptr<Message>> waiting_;  // by unique, until answered
  std::optional<How> ended_;
  std::uint64_t asked_again_ = 0;
};

// "READ 12 of node 5", for messages.
std::string describe(const Message& message);

}  // namespace sluice::testkit
