// SPDX-License-Identifier: MIT
#include "sluice/content/lease.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>

#include <array>

namespace sluice::content {
namespace {

// Whose turn it is to be told of a wish to write: of the kinds of signals, one that does nothing
// where nobody handles it. The lease itself is asked, not the signal waited for.
constexpr int kSignal = SIGURG;

}  // namespace

Result<Lease> Lease::take(int fd) noexcept {
  std::array<char, 40> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/self/fd/{}", fd);
  Fd own_fd = TRY(own(::open(path.data(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)));
  if (::fcntl(own_fd.get(), F_SETSIG, kSignal) != 0) return fail(EOPNOTSUPP);
  if (::fcntl(own_fd.get(), F_SETLEASE, F_RDLCK) == 0) return Lease{std::move(own_fd)};
  if (errno == EAGAIN || errno == EBUSY) return fail(EAGAIN);
  return fail(EOPNOTSUPP);
}

// F_GETLEASE tells what the lease is to become: F_UNLCK once somebody wants to write.
bool Lease::held() noexcept {
  if (!fd_) return false;
  if (::fcntl(fd_.get(), F_GETLEASE) == F_RDLCK) return true;
  ::fcntl(fd_.get(), F_SETLEASE, F_UNLCK);
  fd_.reset();
  return false;
}

Lease::~Lease() {
  if (fd_) ::fcntl(fd_.get(), F_SETLEASE, F_UNLCK);
}

}  // namespace sluice::content
