// SPDX-License-Identifier: MIT
// A read lease: as long as it is held nobody has the file open for writing, or mapped so. Whoever
// wants to write waits until it is given up, which is done at once; so a lease is for knowing that
// nothing changed, not for keeping anybody out.
// source: man 2 fcntl, "Leases"; linux fs/locks.c
#pragma once

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::content {

class Lease {
 public:
  // fd  a regular file, open for reading; it is opened once more, as a lease belongs to one open
  //     file alone
  // errors  EAGAIN somebody has it open for writing; EOPNOTSUPP leases are not to be had here.
  static Result<Lease> take(int fd) noexcept;
  ~Lease();
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;

  // Gives it up if somebody waits for that; tells whether it is still held. To be called now and
  // then while it is.
  bool held() noexcept;

 private:
  explicit Lease(Fd fd) noexcept : fd_{std::move(fd)} {}
  Fd fd_;
};

}  // namespace sluice::content
