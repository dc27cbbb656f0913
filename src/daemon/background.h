// SPDX-License-Identifier: MIT
// Going into the background, in such a way that whoever typed the command gets its prompt when the
// mount can be used, and hears of everything that went wrong before.
#pragma once

#include "sluice/base/fd.h"

namespace sluice::daemon {

class Background {
 public:
  // Stays in the foreground: leave() does nothing.
  Background() noexcept = default;

  // Goes on in a child process; the calling process waits until that one leaves or ends, exits with
  // 0 or with its exit status, and so does not come back from here. Before any thread is started.
  // Descriptors but the standard ones are closed.
  // errors   EAGAIN, ENOMEM no process; EMFILE.
  static Result<Background, Error> enter();

  // In a process that was forked already: leave() tells whoever reads at the other end of `waiting`.
  static Background of(Fd waiting) noexcept { return Background{std::move(waiting)}; }

  // Lets go of session, terminal and standard streams, and tells the waiting process.
  // errors   ECANCELED nobody waits any more.
  Result<void, Error> leave();

 private:
  explicit Background(Fd waiting) noexcept : waiting_{std::move(waiting)} {}
  Fd waiting_;
};

}  // namespace sluice::daemon
