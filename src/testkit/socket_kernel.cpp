// SPDX-License-Identifier: MIT
#include "sluice/testkit/socket_kernel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstring>

#include "sluice/base/ids.h"
#include "sluice/testkit/profile.h"

namespace sluice::testkit {
namespace {

// Room for the largest request and its header; more than unprivileged sockets get.
constexpr int kSocketRoom = 4 << 20;
constexpr std::size_t kLargestPacket = (1U << 20) + 8192;

}  // namespace

Result<SocketKernel> SocketKernel::make() {
  std::array<int, 2> ends{};
  TRY(checked(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data())));
  SocketKernel made;
  made.kernel_ = Fd{ends[0]};
  made.device_ = Fd{ends[1]};
  for (int end : ends) {
    // Only root gets past the system's limit; others send smaller packets.
    if (::setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &kSocketRoom, sizeof(kSocketRoom)) != 0) {
      ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSocketRoom, sizeof(kSocketRoom));
    }
  }
  return made;
}

Result<void> SocketKernel::send(wire::InHeader header, Bytes body) {
  header.len = static_cast<std::uint32_t>(sizeof(header) + body.size());
  std::vector<std::byte> packet(sizeof(header));
  std::memcpy(packet.data(), &header, sizeof(header));
  packet.insert(packet.end(), body.begin(), body.end());
  return send_packet(packet);
}

Result<void> SocketKernel::send_packet(Bytes packet) {
  TRY(checked(::send(kernel_.get(), packet.data(), packet.size(), MSG_NOSIGNAL)));
  return {};
}

Result<SocketKernel::Packet> SocketKernel::receive(std::chrono::milliseconds patience) {
  pollfd waiting{kernel_.get(), POLLIN, 0};
  const int ready = TRY(checked(
      retry_interrupted([&] { return ::poll(&waiting, 1, static_cast<int>(patience.count())); })));
  if (ready == 0) return fail(ETIMEDOUT);
  std::vector<std::byte> room(kLargestPacket);
  const auto size =
      static_cast<std::size_t>(TRY(checked(::recv(kernel_.get(), room.data(), room.size(), 0))));
  if (size == 0) return fail(EPIPE);
  Packet packet;
  if (size < sizeof(packet.header)) return fail(EIO);
  std::memcpy(&packet.header, room.data(), sizeof(packet.header));
  packet.size = size;
  const Bytes body = Bytes{room}.subspan(sizeof(packet.header), size - sizeof(packet.header));
  packet.body.assign(body.begin(), body.end());
  return packet;
}

Result<wire::InitOut> SocketKernel::init() {
  const KernelProfile profile = KernelProfile::linux_6_18();
  wire::InitIn in{};
  in.major = profile.major;
  in.minor = profile.minor;
  in.max_readahead = profile.max_readahead;
  in.flags = static_cast<std::uint32_t>(profile.offered.word());
  in.flags2 = static_cast<std::uint32_t>(profile.offered.word() >> 32);
  wire::InHeader header{};
  header.opcode = raw(wire::Opcode::init);
  header.unique = 1U << 20;
  TRY(send(header, bytes_of(in)));
  const Packet packet = TRY(receive());
  wire::InitOut out{};
  if (packet.header.error != 0) return fail(Errno::from(-packet.header.error));
  if (packet.body.size() != sizeof(out)) return fail(EIO);
  std::memcpy(&out, packet.body.data(), sizeof(out));
  return out;
}

void SocketKernel::refuse_replies() noexcept { ::shutdown(kernel_.get(), SHUT_RD); }

}  // namespace sluice::testkit
