// SPDX-License-Identifier: MIT
// SIGINT and SIGTERM as a descriptor that can be waited for, for programs whose main thread waits
// while others serve.
#pragma once

#include <signal.h>

#include <optional>

#include "sluice/base/fd.h"

namespace sluice::channel {

class StopSignals {
 public:
  // Blocks both in the calling thread, and so in all that it starts from now on: to be made before
  // any of them. One that is ignored already (a job of a shell that must outlive a ^C) stays so.
  // errors: EMFILE, ENFILE.
  static Result<StopSignals> make();
  StopSignals(StopSignals&& other) noexcept;
  StopSignals& operator=(StopSignals&&) = delete;
  // Gives the thread's mask back as it was; signals that came and were not taken act then.
  ~StopSignals();

  // Readable when one has come; borrowed.
  int descriptor() const noexcept { return fd_.get(); }
  // Gives the number of one that has come, and forgets it.
  std::optional<int> take() noexcept;

 private:
  StopSignals(Fd fd, const sigset_t& before) noexcept : fd_{std::move(fd)}, before_{before} {}

  Fd fd_;  // empty once moved from
  sigset_t before_;
};

}  // namespace sluice::channel
