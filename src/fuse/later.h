// SPDX-License-Identifier: MIT
// The session's table of requests that will be answered later, so that an INTERRUPT finds them.
#pragma once

#include <mutex>
#include <unordered_map>

#include "sluice/fuse/reply.h"

namespace sluice::fuse {

class LaterReplies {
 public:
  // Makes the state of a reply to be given later and remembers it under its unique.
  std::shared_ptr<detail::Later> add(std::unique_ptr<Pending> pending, wire::Opcode opcode,
                                     Unique unique, std::size_t asked);
  // Marks the request as interrupted and calls its callback; false where it is not here.
  bool interrupt(Unique unique);
  void remove(Unique unique) noexcept;

  std::size_t waiting() const noexcept;
  std::uint64_t abandoned() const noexcept;

 private:
  friend void detail::abandon_later(detail::Later&) noexcept;
  friend void detail::set_on_interrupt(detail::Later&, std::function<void()>);
  friend bool detail::later_interrupted(const detail::Later&) noexcept;

  mutable std::mutex mutex_;  // guards all below and the marked members of each Later
  std::unordered_map<std::uint64_t, std::shared_ptr<detail::Later>> waiting_;
  std::uint64_t abandoned_ = 0;
};

}  // namespace sluice::fuse
