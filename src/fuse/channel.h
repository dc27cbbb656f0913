// SPDX-License-Identifier: MIT
// What carries requests and replies: /dev/fuse, io_uring, or testkit's kernel. A worker thread
// owns one Channel; the connection behind it (Connection) makes one for each and carries
// notifications.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/wire/reader.h"
#include "sluice/wire/structs.h"

namespace sluice::fuse {

// One request with the room for its reply, lent by a channel until it is committed or detached.
struct Exchange {
  wire::InHeader header{};
  Bytes fixed;         // the first fixed struct, where the channel has it apart (io_uring)
  Bytes payload;       // everything else after the header
  MutableBytes reply;  // room for the reply's body

  // Gives a reader over the arguments, whether they are in one piece or two.
  wire::Reader arguments() const noexcept {
    return fixed.data() != nullptr ? wire::Reader{fixed, payload} : wire::Reader{payload};
  }
};

enum class Delivery {
  taken,      // the kernel has the reply
  refused,    // the caller is gone: nothing of the reply counts, and no RELEASE will follow
  malformed,  // the kernel did not accept its form: a bug here; treated like refused
};

// A request whose answer comes later; the exchange it came in is free again.
class Pending {
 public:
  virtual ~Pending() = default;
  // Sends `error` (0 for success) and `body`, which is at most kPendingBody bytes; called once.
  virtual Delivery commit(int error, Bytes body) noexcept = 0;
};
// The largest fixed answer: STATX's.
inline constexpr std::size_t kPendingBody = sizeof(wire::StatxOut);

class Channel {
 public:
  virtual ~Channel() = default;
  // Waits for the next request. errors: ENODEV unmounted and ECONNABORTED aborted, both a normal
  // end; EINTR a signal; EIO a request too short to be one, which was dropped; others are fatal.
  virtual Result<Exchange*> next() noexcept = 0;
  // Sends the reply: `error` 0 and the first `size` bytes of exchange.reply, or an error alone.
  virtual Delivery commit(Exchange& exchange, int error, std::size_t size) noexcept = 0;
  // Gives an exchange back without an answer (FORGET), or before a later one.
  virtual void drop(Exchange& exchange) noexcept = 0;
  virtual Result<std::unique_ptr<Pending>> detach(Exchange& exchange) noexcept = 0;
};

class Connection {
 public:
  virtual ~Connection() = default;
  // A channel for one more worker thread. errors: EMFILE, ENOMEM, ENODEV.
  virtual Result<std::unique_ptr<Channel>> open_channel() noexcept = 0;
  // Sends a notification: `code` and its body in pieces. errors: ENOENT the kernel does not know
  // the node or name; ENODEV; EINVAL and ENOSYS where the kernel is older than the notification.
  virtual Result<void> notify(std::int32_t code, std::span<const Bytes> body) noexcept = 0;
};

}  // namespace sluice::fuse
