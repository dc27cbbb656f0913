// SPDX-License-Identifier: MIT
#include "sluice/content/packets.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sluice/content/input.h"
#include "sluice/content/messages.h"

namespace sluice::content {
namespace {

constexpr std::size_t kMostFds = 4;
constexpr std::size_t kControl = CMSG_SPACE(kMostFds * sizeof(int)) + CMSG_SPACE(sizeof(ucred));

// Takes ownership of everything that came.
void take_control(msghdr& message, Packet& packet) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level != SOL_SOCKET) continue;
    const std::size_t size = one->cmsg_len - CMSG_LEN(0);
    if (one->cmsg_type == SCM_RIGHTS) {
      for (std::size_t at = 0; at + sizeof(int) <= size; at += sizeof(int)) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(one) + at, sizeof fd);
        packet.fds.emplace_back(fd);
      }
    } else if (one->cmsg_type == SCM_CREDENTIALS && size >= sizeof(ucred)) {
      ucred sender{};
      std::memcpy(&sender, CMSG_DATA(one), sizeof sender);
      packet.sender = sender.pid;
    }
  }
}

}  // namespace

Result<std::pair<Fd, Fd>> packet_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_last();
  std::pair<Fd, Fd> pair{Fd{ends[0]}, Fd{ends[1]}};
  for (Fd* end : {&pair.first, &pair.second}) {
    if (end->get() < 3) *end = TRY(end->duplicate());
  }
  return pair;
}

Result<void> send_packet(int socket, Bytes packet, std::span<const int> fds, Wait wait) noexcept {
  if (fds.size() > kMostFds) return fail(EINVAL);
  iovec data{const_cast<std::byte*>(packet.data()), packet.size()};
  alignas(cmsghdr) std::array<char, kControl> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  const int flags = MSG_NOSIGNAL | (wait == Wait::yes ? 0 : MSG_DONTWAIT);
  const ssize_t sent = retry_interrupted([&] { return ::sendmsg(socket, &message, flags); });
  if (sent < 0) return fail_last();
  return {};
}

Result<Packet> receive_packet(int socket, std::size_t most_fds, Wait wait) {
  // Most packets are short, and a vector would be filled with zeros first.
  thread_local std::array<std::byte, kLongestPacket> room;
  Packet packet;
  iovec data{room.data(), room.size()};
  alignas(cmsghdr) std::array<char, kControl> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const int flags = MSG_CMSG_CLOEXEC | (wait == Wait::yes ? 0 : MSG_DONTWAIT);
  const ssize_t got = retry_interrupted([&] { return ::recvmsg(socket, &message, flags); });
  if (got < 0) return fail_last();
  take_control(message, packet);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || packet.fds.size() > most_fds)
    return fail(EPROTO);
  // Nobody here sends empty packets: it is the end.
  if (got == 0) return fail(ECONNRESET);
  const Bytes bytes = Bytes{room}.first(static_cast<std::size_t>(got));
  packet.bytes.assign(bytes.begin(), bytes.end());
  return packet;
}

Result<void> wait_for(int socket, Clock::time_point until, const Interrupted& interrupted) {
  for (;;) {
    const auto now = Clock::now();
    const auto next = interrupted ? std::min(until, now + kPatience) : until;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    pollfd poll{socket, POLLIN, 0};
    const int timeout = static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
    const int ready = ::poll(&poll, 1, timeout);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_last();
    if (interrupted && interrupted()) return fail(EINTR);
    if (Clock::now() >= until) return fail(ETIMEDOUT);
  }
}

Result<Fd> sealed_file(const char* name, Bytes bytes) {
  Fd file = TRY(own(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  while (!bytes.empty()) {
    const ssize_t wrote = TRY(checked(
        retry_interrupted([&] { return ::write(file.get(), bytes.data(), bytes.size()); })));
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  TRY(checked(::fcntl(file.get(), F_ADD_SEALS, kSeals)));
  return file;
}

Result<std::vector<std::byte>> all_of(const Fd& file, std::size_t most) {
  struct stat seen {};
  TRY(checked(::fstat(file.get(), &seen)));
  if (!S_ISREG(seen.st_mode)) return fail(EPROTO);
  const auto size = static_cast<std::uint64_t>(seen.st_size);
  if (size > most) return fail(EFBIG);
  std::vector<std::byte> bytes(size);
  TRY(Input(file.get(), size).read(0, bytes));
  return bytes;
}

}  // namespace sluice::content
