// SPDX-License-Identifier: MIT
// Tells an open by path from one of a descriptor. An OPEN of a node that another grant was given
// answers ESTALE; for a path the kernel then looks every name up again and opens what it finds,
// once. A thread that comes again with no LOOKUP between has no path (/proc/self/fd, O_PATH), and
// ESTALE would say nothing to it.
// source: linux fs/namei.c do_filp_open()
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "sluice/base/ids.h"

namespace sluice::guard {

class StaleOpens {
 public:
  // Notes an open of a stale node; tells whether the thread was told so just before. Then that is
  // forgotten: its next open may be by path.
  bool came_again(Pid thread, NodeId node) noexcept {
    std::atomic<std::uint64_t>& entry = entries_[raw(thread) % entries_.size()];
    const std::uint64_t mark = mark_of(thread, node);
    const bool again = entry.load(std::memory_order_relaxed) == mark;
    entry.store(again ? 0 : mark, std::memory_order_relaxed);
    return again;
  }
  // The thread has looked a name up.
  void looked_up(Pid thread) noexcept {
    std::atomic<std::uint64_t>& entry = entries_[raw(thread) % entries_.size()];
    const std::uint64_t mark = entry.load(std::memory_order_relaxed);
    if (mark >> 32 == raw(thread) && mark != 0) entry.store(0, std::memory_order_relaxed);
  }

 private:
  // A node by its slot's number alone: its generation moves only with a FORGET.
  static std::uint64_t mark_of(Pid thread, NodeId node) noexcept {
    return std::uint64_t{raw(thread)} << 32 | static_cast<std::uint32_t>(raw(node));
  }

  // By thread. Two that meet in one entry forget each other's mark, and see ESTALE once more.
  std::array<std::atomic<std::uint64_t>, 1024> entries_{};
};

}  // namespace sluice::guard
