// SPDX-License-Identifier: MIT
// A read lease: as long as it is held nobody has the file open for writing, or mapped so. Whoever
// wants to write waits until it is given up, which is done at once; so a lease is for knowing that
// nothing changed, not for keeping anybody out.
//
// On an overlay it knows nothing of mappings that outlive their descriptor. There a store into one
// changes the file's version if the upper layer is on a disk; where that is a tmpfs, or the overlay
// is mounted `volatile`, nothing tells of it.
// source: man 2 fcntl, "Leases"; linux fs/locks.c
#pragma once

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::content {

class Lease {
 public:
  // fd  a regular file, open for reading; it is opened once more, as a lease belongs to one open
  //     file alone
  // errors  EAGAIN somebody has it open for writing; EOPNOTSUPP leases are not to be had here;
  //         those of open(2).
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
