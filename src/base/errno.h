// SPDX-License-Identifier: MIT
// An error number that the FUSE protocol can carry. Success cannot be written as an Errno,
// and neither can a number that the kernel would refuse in a reply header.
#pragma once

#include <cerrno>
#include <compare>
#include <string_view>

namespace sluice {

// The largest error a reply may carry; the kernel answers write(2) with EINVAL above it.
// source: linux fs/fuse/dev.c fuse_dev_do_write()
inline constexpr int kMaxErrno = 511;

class Errno {
 public:
  // Refused at compile time when `value` is not a number the kernel takes.
  consteval Errno(int value) : value_{value} {
    if (value < 1 || value > kMaxErrno) throw "errno out of range";
  }

  // Gives the error of a failed call; a number out of range (a bug elsewhere, or an internal
  // kernel code such as ERESTARTSYS) becomes EIO.
  static constexpr Errno from(int value) noexcept { return Errno{value, Checked{}}; }

  // Gives the calling thread's errno; to be called right after the failed call.
  static Errno last() noexcept { return from(errno); }

  constexpr int value() const noexcept { return value_; }
  friend constexpr bool operator==(Errno, Errno) noexcept = default;

 private:
  struct Checked {};
  constexpr Errno(int value, Checked) noexcept
      : value_{value >= 1 && value <= kMaxErrno ? value : EIO} {}

  int value_;
};

// Gives the symbol, such as "ENOENT"; "E?" for a number without one.
std::string_view name(Errno error) noexcept;

// Gives the words for it, such as "no such file or directory", in lower case.
std::string_view text(Errno error) noexcept;

}  // namespace sluice
