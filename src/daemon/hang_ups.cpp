// SPDX-License-Identifier: MIT
#include "hang_ups.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <system_error>

namespace sluice::daemon {

Result<std::unique_ptr<HangUps>> HangUps::make() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  Fd signals = TRY(own(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)));
  Fd stop = TRY(own(::eventfd(0, EFD_CLOEXEC)));
  // One that is ignored is kept all the same while it is blocked.
  // source: linux kernel/signal.c sig_ignored()
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    return fail(Errno::from(error));
  }
  return std::unique_ptr<HangUps>{new HangUps{std::move(signals), std::move(stop)}};
}

HangUps::~HangUps() {
  if (!thread_.joinable()) return;
  static_cast<void>(::eventfd_write(stop_.get(), 1));
  thread_.join();
}

Result<void> HangUps::start(std::function<void()> heed) {
  try {
    thread_ = std::thread{[this, heed = std::move(heed)] { work(heed); }};
  } catch (const std::system_error& error) {
    return fail(Errno::from(error.code().value()));
  }
  return {};
}

void HangUps::work(const std::function<void()>& heed) noexcept {
  ::prctl(PR_SET_NAME, "sluice-hangup");
  for (;;) {
    std::array<pollfd, 2> watched{{{signals_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
    try {
      heed();
    } catch (const std::exception&) {
      // No memory to read a policy: the old one stays.
    }
  }
}

}  // namespace sluice::daemon
