// SPDX-License-Identifier: MIT
// Asking a daemon. Every wait is bounded, and what comes back is checked before it is believed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sluice/base/fd.h"

namespace sluice::control {

inline constexpr std::size_t kMaxAnswer = 4 << 20;  // bytes
inline constexpr std::chrono::milliseconds kAskLimit{5000};

// A connection to the daemon of one mount, for one question.
class Asking {
 public:
  // Connects to the socket at `path`; the process behind it must be root's or `owner`'s.
  // errors   ENOENT, ECONNREFUSED nobody is there; EACCES we may not ask; EPERM a stranger listens;
  //          ETIMEDOUT its queue is full.
  static Result<Asking> at(const std::string& path, uid_t owner);
  // The same for the mount of a connection, wherever its daemon's socket may lie.
  static Result<Asking> mount(std::uint32_t connection, uid_t owner);

  // The daemon's process id, as the kernel knows it.
  pid_t pid() const noexcept { return pid_; }

  // Sends `request` and gives the answer, which is an object. To be called once.
  // errors   ETIMEDOUT; EPROTO no such answer; what the daemon says under "error".
  Result<nlohmann::json, Error> ask(const nlohmann::json& request,
                                    std::chrono::milliseconds limit = kAskLimit) const;

 private:
  Asking(Fd socket, pid_t pid) noexcept : socket_{std::move(socket)}, pid_{pid} {}
  Fd socket_;
  pid_t pid_;
};

}  // namespace sluice::control
