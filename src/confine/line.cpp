// SPDX-License-Identifier: MIT
#include "sluice/confine/line.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>

namespace sluice::confine {
namespace {

constexpr std::size_t kMostText = 4096;

struct Head {
  std::uint32_t kind;
  std::int32_t value;
  std::array<std::int64_t, 3> offsets;
};

Result<Fd> above_standard(int fd) {
  const Fd low{fd};
  return own(::fcntl(low.get(), F_DUPFD_CLOEXEC, 3));
}

}  // namespace

Result<Line::Ends> Line::make() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_last();
  auto caller = above_standard(ends[0]);
  auto inside = above_standard(ends[1]);
  return Ends{Line{TRY(std::move(caller))}, Line{TRY(std::move(inside))}};
}

void Line::send(const Message& message) const noexcept {
  Head head{static_cast<std::uint32_t>(message.kind), message.value, {}};
  std::ranges::copy(message.offsets, head.offsets.begin());
  std::array<iovec, 2> parts{
      {{&head, sizeof head},
       {const_cast<char*>(message.text.data()), std::min(message.text.size(), kMostText)}}};
  msghdr packet{};
  packet.msg_iov = parts.data();
  packet.msg_iovlen = parts.size();
  retry_interrupted([&] { return ::sendmsg(end_.get(), &packet, MSG_NOSIGNAL); });
}

std::optional<Message> Line::receive() const {
  std::array<char, sizeof(Head) + kMostText> packet;
  const ssize_t size =
      retry_interrupted([&] { return ::recv(end_.get(), packet.data(), packet.size(), 0); });
  if (size < static_cast<ssize_t>(sizeof(Head))) return std::nullopt;
  Head head;
  std::memcpy(&head, packet.data(), sizeof head);
  if (head.kind > static_cast<std::uint32_t>(Kind::signal)) return std::nullopt;
  Message message{.kind = static_cast<Kind>(head.kind), .value = head.value};
  std::ranges::copy(head.offsets, message.offsets.begin());
  message.text.assign(packet.data() + sizeof head, static_cast<std::size_t>(size) - sizeof head);
  return message;
}

}  // namespace sluice::confine
