// SPDX-License-Identifier: MIT
#include "line_io.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::control {

Result<void> wait_for(const Fd& socket, short events, const Until& until) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until.deadline - Clock::now()).count();
    if (left <= 0) return fail(ETIMEDOUT);
    std::array<pollfd, 2> watched{{{socket.get(), events, 0}, {until.wake, POLLIN, 0}}};
    constexpr decltype(left) kLongest = 60'000;
    const int ready =
        ::poll(watched.data(), watched.size(), static_cast<int>(std::min(left, kLongest)));
    if (ready < 0 && errno != EINTR) return fail_last();
    if (ready <= 0) continue;
    if (watched[1].revents != 0) return fail(ECANCELED);
    return {};
  }
}

Result<std::string> read_line(const Fd& socket, std::size_t limit, const Until& until) {
  std::string line;
  std::array<char, 4096> piece;
  for (;;) {
    TRY(wait_for(socket, POLLIN, until));
    const ssize_t size = ::recv(socket.get(), piece.data(), piece.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size < 0) return fail_last();
    if (size == 0) return fail(ECONNRESET);
    const std::string_view got{piece.data(), static_cast<std::size_t>(size)};
    const std::size_t end = got.find('\n');
    line += got.substr(0, end);
    if (line.size() > limit) return fail(EMSGSIZE);
    if (end != std::string_view::npos) return line;
  }
}

Result<void> write_line(const Fd& socket, std::string line, const Until& until) {
  line += '\n';
  std::string_view left{line};
  while (!left.empty()) {
    TRY(wait_for(socket, POLLOUT, until));
    const ssize_t size = ::send(socket.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size < 0) return fail_last();
    left.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

Result<sockaddr_un> address_of(std::string_view path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return fail(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> make_socket() noexcept {
  return own(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

}  // namespace sluice::control
