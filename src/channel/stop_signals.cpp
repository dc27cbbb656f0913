// SPDX-License-Identifier: MIT
#include "sluice/channel/stop_signals.h"

#include <sys/signalfd.h>

namespace sluice::channel {
namespace {

bool is_ignored(int signal) noexcept {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<StopSignals> StopSignals::make() {
  sigset_t stops;
  ::sigemptyset(&stops);
  for (int signal : {SIGINT, SIGTERM}) {
    if (!is_ignored(signal)) ::sigaddset(&stops, signal);
  }
  Fd fd = TRY(own(::signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK)));
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &stops, &before);
  return StopSignals{std::move(fd), before};
}

StopSignals::StopSignals(StopSignals&& other) noexcept
    : fd_{std::move(other.fd_)}, before_{other.before_} {}

StopSignals::~StopSignals() {
  if (fd_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> StopSignals::take() noexcept {
  signalfd_siginfo info{};
  const auto got = retry_interrupted([&] { return ::read(fd_.get(), &info, sizeof(info)); });
  if (got != static_cast<ssize_t>(sizeof(info))) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace sluice::channel
