// SPDX-License-Identifier: MIT
// One worker's end of a DevConnection: one request at a time, in one buffer, answered from another.
#pragma once

#include <memory>

#include "sluice/channel/dev_connection.h"

namespace sluice::channel {

// Writes a reply or a notification in pieces. Only the header tells them apart.
fuse::Delivery write_reply(int device, std::uint64_t unique, int error, Bytes body) noexcept;

class DevChannel final : public fuse::Channel {
 public:
  DevChannel(DevConnection& connection, RequestBuffer buffer, std::uint64_t place,
             std::unique_ptr<std::byte[]> reply, std::size_t reply_size) noexcept;
  ~DevChannel() override;

  Result<fuse::Exchange*> next() noexcept override;
  fuse::Delivery commit(fuse::Exchange& exchange, int error, std::size_t size) noexcept override;
  void drop(fuse::Exchange& exchange) noexcept override;
  Result<std::unique_ptr<fuse::Pending>> detach(fuse::Exchange& exchange) noexcept override;

 private:
  DevConnection& connection_;
  RequestBuffer buffer_;
  std::uint64_t place_;
  std::unique_ptr<std::byte[]> reply_;  // an OutHeader's room, then the body's
  std::size_t reply_size_;
  fuse::Exchange exchange_;
};

}  // namespace sluice::channel
