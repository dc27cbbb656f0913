// SPDX-License-Identifier: MIT
#include "sluice/channel/dev_channel.h"

#include <sys/uio.h>

#include <array>
#include <cstring>

#include "sluice/wire/protocol.h"

namespace sluice::channel {
namespace {

using fuse::Delivery;
using fuse::Exchange;
using wire::InHeader;
using wire::OutHeader;

Delivery delivery_of(ssize_t written, std::size_t length) noexcept {
  if (written == static_cast<ssize_t>(length)) return Delivery::taken;
  // ENOENT: the request is gone, its caller killed or the connection aborted.
  if (written < 0 && (errno == ENOENT || errno == ENODEV || errno == ECONNABORTED || errno == EPIPE)) {
    return Delivery::refused;
  }
  return Delivery::malformed;
}

OutHeader header_of(std::uint64_t unique, int error, std::size_t body) noexcept {
  OutHeader header{};
  header.len = static_cast<std::uint32_t>(sizeof(header) + body);
  header.error = -error;
  header.unique = unique;
  return header;
}

class DevPending final : public fuse::Pending {
 public:
  DevPending(int device, std::uint64_t unique) noexcept : device_{device}, unique_{unique} {}
  Delivery commit(int error, Bytes body) noexcept override {
    return write_reply(device_, unique_, error, body);
  }

 private:
  int device_;  // the connection's, which outlives every pending reply
  std::uint64_t unique_;
};

}  // namespace

Delivery write_reply(int device, std::uint64_t unique, int error, Bytes body) noexcept {
  OutHeader header = header_of(unique, error, body.size());
  std::array<iovec, 2> pieces{{{&header, sizeof(header)},
                               {const_cast<std::byte*>(body.data()), body.size()}}};
  const ssize_t written =
      retry_interrupted([&] { return ::writev(device, pieces.data(), body.empty() ? 1 : 2); });
  return delivery_of(written, header.len);
}

DevChannel::DevChannel(DevConnection& connection, RequestBuffer buffer, std::uint64_t place,
                       std::unique_ptr<std::byte[]> reply, std::size_t reply_size) noexcept
    : connection_{connection},
      buffer_{std::move(buffer)},
      place_{place},
      reply_{std::move(reply)},
      reply_size_{reply_size} {
  exchange_.reply = MutableBytes{reply_.get(), reply_size_}.subspan(sizeof(OutHeader));
}

DevChannel::~DevChannel() { connection_.give_place(place_); }

Result<Exchange*> DevChannel::next() noexcept {
  const MutableBytes buffer = buffer_.bytes();
  const ssize_t got = ::read(connection_.device_.get(), buffer.data(), buffer.size());
  if (got < 0) return fail_last();
  if (got == 0) return fail(ENODEV);  // a socket's other end has closed
  const auto size = static_cast<std::size_t>(got);
  if (size < sizeof(InHeader)) return fail(EIO);
  std::memcpy(&exchange_.header, buffer.data(), sizeof(InHeader));
  if (exchange_.header.len != size) {
    write_reply(connection_.device_.get(), exchange_.header.unique, EIO, {});
    return fail(EIO);
  }
  exchange_.payload = buffer.subspan(sizeof(InHeader), size - sizeof(InHeader));
  return &exchange_;
}

Delivery DevChannel::commit(Exchange& exchange, int error, std::size_t size) noexcept {
  const OutHeader header = header_of(exchange.header.unique, error, error == 0 ? size : 0);
  std::memcpy(reply_.get(), &header, sizeof(header));
  const ssize_t written = retry_interrupted(
      [&] { return ::write(connection_.device_.get(), reply_.get(), header.len); });
  return delivery_of(written, header.len);
}

void DevChannel::drop(Exchange&) noexcept {}

Result<std::unique_ptr<fuse::Pending>> DevChannel::detach(Exchange& exchange) noexcept {
  std::unique_ptr<fuse::Pending> pending{
      new (std::nothrow) DevPending{connection_.device_.get(), exchange.header.unique}};
  if (!pending) return fail(ENOMEM);
  return pending;
}

}  // namespace sluice::channel
