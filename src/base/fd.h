// SPDX-License-Identifier: MIT
// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

#include "sluice/base/result.h"

namespace sluice {

class Fd {
 public:
  constexpr Fd() noexcept = default;
  // Takes ownership of `fd`; -1 makes an empty one.
  explicit constexpr Fd(int fd) noexcept : fd_{fd} {}
  Fd(Fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  // Gives the descriptor away; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  // Gives a second descriptor of the same open file, close-on-exec. errors: EMFILE.
  Result<Fd> duplicate() const noexcept;

 private:
  int fd_ = -1;
};

// Owns what a system call returned: a descriptor, or errno's error when it is negative.
inline Result<Fd> own(int fd) noexcept {
  if (fd < 0) return fail_last();
  return Fd{fd};
}

// Calls again for as long as a signal interrupts it; gives what the call gave otherwise.
template <class Call>
auto retry_interrupted(Call call) noexcept(noexcept(call())) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// Makes a Result of a call that answers 0 or more, or -1 with errno set.
template <class Integer>
Result<Integer> checked(Integer result) noexcept {
  if (result < 0) return fail_last();
  return result;
}

}  // namespace sluice
