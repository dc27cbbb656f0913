// SPDX-License-Identifier: MIT
// Signals of the calling process while a command of its own runs.
//
// The command is in the caller's process group, so what the terminal sends reaches it from the
// kernel. What somebody sends to the calling process alone is meant for the command and sent on.
// The stop signals are held back too: the calling process stops when the command has stopped, not
// before, so that a command that ignores Ctrl-Z is not left behind.
#pragma once

#include <signal.h>

#include <optional>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::confine {

// Holds them back from construction to destruction, in the calling thread.
class HeldSignals {
 public:
  // errors: EMFILE, ENFILE.
  static Result<HeldSignals> hold();
  HeldSignals(HeldSignals&& other) noexcept;
  HeldSignals& operator=(HeldSignals&&) = delete;
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals();

  // Readable when a signal has come.
  int fd() const noexcept { return arrived_.get(); }
  struct Arrived {
    int number;
    bool from_terminal;  // then the command has it as well
  };
  // Gives one that has come; none if there is none.
  std::optional<Arrived> next() const noexcept;

  // In the process that becomes the command: all as it was before hold().
  void restore() const noexcept;

 private:
  HeldSignals() = default;

  Fd arrived_;
  sigset_t mask_{};
  struct sigaction child_ {};
  bool held_ = false;
};

}  // namespace sluice::confine
