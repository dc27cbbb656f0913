// SPDX-License-Identifier: MIT
#include "sluice/confine/signals.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

namespace sluice::confine {

Result<HeldSignals> HeldSignals::hold() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP,
                           SIGTTIN, SIGTTOU, SIGALRM}) {
    ::sigaddset(&wanted, number);
  }
  HeldSignals held;
  const Fd low = TRY(own(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)));
  held.arrived_ = TRY(own(::fcntl(low.get(), F_DUPFD_CLOEXEC, 3)));
  // Where SIGCHLD is ignored, the kernel throws statuses away.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  if (::sigaction(SIGCHLD, &usual, &held.child_) != 0) return fail_last();
  if (::sigprocmask(SIG_BLOCK, &wanted, &held.mask_) != 0) return fail_last();
  held.held_ = true;
  return held;
}

HeldSignals::HeldSignals(HeldSignals&& other) noexcept
    : arrived_{std::move(other.arrived_)},
      mask_{other.mask_},
      child_{other.child_},
      held_{std::exchange(other.held_, false)} {}

HeldSignals::~HeldSignals() {
  if (!held_) return;
  // What came from the terminal has been dealt with by the command, and must not end the caller.
  while (next()) continue;
  restore();
}

std::optional<HeldSignals::Arrived> HeldSignals::next() const noexcept {
  signalfd_siginfo info{};
  const ssize_t size = ::read(arrived_.get(), &info, sizeof info);
  if (size != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return Arrived{static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

void HeldSignals::restore() const noexcept {
  ::sigaction(SIGCHLD, &child_, nullptr);
  ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
}

}  // namespace sluice::confine
