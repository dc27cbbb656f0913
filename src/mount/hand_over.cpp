// SPDX-License-Identifier: MIT
// One message: what is fixed, with the device beside it; then the mountpoint's path.
#include "sluice/mount/hand_over.h"

#include <limits.h>
#include <sys/socket.h>

#include <cstdint>

#include "pass_fd.h"

namespace sluice::mount {
namespace {

struct Message {
  std::uint32_t method;
  std::uint32_t privileged;
  std::uint32_t major;
  std::uint32_t minor;
  std::uint32_t path_bytes;
};

std::unexpected<Error> not_handed(Errno cause) {
  return fail(Error::of("cannot hand the mount over to its server", cause));
}

std::unexpected<Error> not_received(Errno cause) {
  return fail(Error::of("no mount was handed over", cause));
}

}  // namespace

// Looks into Mounted objects; nobody else can.
class HandOver {
 public:
  static Result<void, Error> send(Mounted mounted, const Fd& socket) {
    const std::string& path = mounted.mountpoint_;
    const Message message{.method = static_cast<std::uint32_t>(mounted.method_),
                          .privileged = mounted.privileged_ ? 1U : 0U,
                          .major = mounted.major_,
                          .minor = mounted.minor_,
                          .path_bytes = static_cast<std::uint32_t>(path.size())};
    if (const auto sent = send_fd(socket, mounted.device_, std::as_bytes(std::span{&message, 1}));
        !sent) {
      return not_handed(sent.error());
    }
    const ssize_t sent = retry_interrupted(
        [&] { return ::send(socket.get(), path.data(), path.size(), MSG_NOSIGNAL); });
    if (sent < 0) return not_handed(Errno::last());
    if (static_cast<std::size_t>(sent) != path.size()) return not_handed(Errno{EMSGSIZE});
    mounted.release();
    return {};
  }

  static Result<Mounted, Error> receive(const Fd& socket) {
    Message message{};
    auto device =
        receive_fd(socket, std::as_writable_bytes(std::span{&message, 1}), Wait::yes);
    if (!device) return not_received(device.error());
    constexpr auto kLast = static_cast<std::uint32_t>(Method::fusermount);
    if (message.path_bytes > PATH_MAX || message.method > kLast) return not_received(Errno{EPROTO});
    Mounted mounted;
    mounted.mountpoint_.resize(message.path_bytes);
    const ssize_t got = retry_interrupted([&] {
      return ::recv(socket.get(), mounted.mountpoint_.data(), message.path_bytes, MSG_WAITALL);
    });
    if (got < 0) return not_received(Errno::last());
    if (static_cast<std::size_t>(got) != message.path_bytes) return not_received(Errno{ECONNRESET});
    mounted.device_ = std::move(*device);
    mounted.method_ = Method{static_cast<int>(message.method)};
    mounted.privileged_ = message.privileged != 0;
    mounted.major_ = message.major;
    mounted.minor_ = message.minor;
    return mounted;
  }
};

Result<void, Error> hand_over(Mounted mounted, const Fd& socket) {
  return HandOver::send(std::move(mounted), socket);
}

Result<Mounted, Error> receive(const Fd& socket) { return HandOver::receive(socket); }

}  // namespace sluice::mount
