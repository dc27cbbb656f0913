// SPDX-License-Identifier: MIT
// The channel that testkit's kernel gives to a worker thread, or uses itself where a session is
// served on the caller's thread. It can hand requests out in two pieces, as io_uring does.
#pragma once

#include <array>

#include "sluice/testkit/traffic.h"

namespace sluice::testkit {

// How a request's arguments reach the session.
enum class Spans {
  one,  // in one piece, as read(2) of /dev/fuse gives them
  two,  // the first fixed struct apart, as io_uring's entries have it
};

class KernelChannel final : public fuse::Channel {
 public:
  // reply_room  bytes that a reply's body may have.
  KernelChannel(std::shared_ptr<Traffic> traffic, Spans spans, std::size_t reply_room);

  Result<fuse::Exchange*> next() noexcept override;
  fuse::Delivery commit(fuse::Exchange& exchange, int error, std::size_t size) noexcept override;
  void drop(fuse::Exchange& exchange) noexcept override;
  Result<std::unique_ptr<fuse::Pending>> detach(fuse::Exchange& exchange) noexcept override;

  // Makes `message` the exchange; it stays alive until the next one.
  fuse::Exchange& load(std::shared_ptr<Message> message) noexcept;
  // Checks that the exchange was answered, dropped or detached.
  void finished() noexcept;

 private:
  std::shared_ptr<Traffic> traffic_;
  Spans spans_;
  std::vector<std::byte> reply_;
  std::array<std::byte, wire::kUringOpInSize> first_{};  // an entry's op_in
  std::shared_ptr<Message> message_;
  fuse::Exchange exchange_;
};

}  // namespace sluice::testkit
