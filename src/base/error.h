// SPDX-License-Identifier: MIT
// An error meant for a person: one line that says what failed, on what, why, and what to do.
// The request path uses Errno; mounting, configuration and commands use this.
#pragma once

#include <string>
#include <utility>

#include "sluice/base/errno.h"

namespace sluice {

class Error {
 public:
  explicit Error(std::string line, Errno cause = EIO) : line_{std::move(line)}, cause_{cause} {}

  // Makes "`what`: `why`", such as "cannot open `/x`: no such file or directory".
  static Error of(std::string_view what, Errno cause) {
    std::string line{what};
    line += ": ";
    line += text(cause);
    return Error{std::move(line), cause};
  }

  const std::string& line() const noexcept { return line_; }
  Errno cause() const noexcept { return cause_; }

 private:
  std::string line_;
  Errno cause_;
};

}  // namespace sluice
