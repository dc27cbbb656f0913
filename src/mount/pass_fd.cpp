// SPDX-License-Identifier: MIT
#include "pass_fd.h"

#include <sys/socket.h>

#include <array>
#include <cstring>

namespace sluice::mount {

Result<void> send_fd(const Fd& socket, const Fd& fd, std::span<const std::byte> with) noexcept {
  iovec data{const_cast<std::byte*>(with.data()), with.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = fd.get();
  std::memcpy(CMSG_DATA(header), &number, sizeof number);
  const ssize_t sent =
      retry_interrupted([&] { return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL); });
  if (sent < 0) return fail_last();
  if (static_cast<std::size_t>(sent) != with.size()) return fail(EMSGSIZE);
  return {};
}

Result<Fd> receive_fd(const Fd& socket, std::span<std::byte> with, Wait wait) noexcept {
  iovec data{with.data(), with.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const int flags = MSG_CMSG_CLOEXEC | (wait == Wait::yes ? MSG_WAITALL : MSG_DONTWAIT);
  const ssize_t got =
      retry_interrupted([&] { return ::recvmsg(socket.get(), &message, flags); });
  if (got < 0) return fail_last();
  if (got == 0) return fail(ECONNRESET);
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int))) {
    return fail(EPROTO);
  }
  int number = -1;
  std::memcpy(&number, CMSG_DATA(header), sizeof number);
  Fd fd{number};
  if (static_cast<std::size_t>(got) != with.size()) return fail(EPROTO);
  return fd;
}

}  // namespace sluice::mount
