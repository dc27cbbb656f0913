// SPDX-License-Identifier: MIT
// How a guard behaves, as whoever mounts chooses, and what it tells of itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/guard/decision.h"
#include "sluice/mirror/node_slot.h"
#include "sluice/policy/program.h"

namespace sluice::guard {

// Whether what the policy forbids is refused, or done and only told.
enum class Enforce : std::uint8_t { yes, no };

struct Options {
  // Whoever asks is this subject; else callers are told apart.
  std::optional<std::string> subject;
  Decisions* decisions = nullptr;  // outlives the guard
  Enforce enforce = Enforce::yes;
  std::string proc = "/proc";
};

struct Stats {
  std::uint64_t refused = 0;  // operations
  std::uint64_t hidden = 0;   // of them names and nodes that were kept out of sight
  std::uint64_t stale = 0;    // opens that were sent to look their file up again
  std::size_t linked_files = 0;
  std::size_t folding_directories = 0;  // whose names have several spellings: all in them is kept
};

struct Reloaded {
  std::uint64_t directories = 0;  // that have their places by the new policy now
  std::uint64_t files = 0;        // that are looked up again before they are next opened
  std::uint64_t open_files = 0;   // of them open: their descriptors are as the old policy gave them
  std::vector<NodeId> open;       // the first kOpenShown of these

  static constexpr std::size_t kOpenShown = 20;
};

// The place of a file's node whose name has not been looked up since the policy was changed. Until
// it is, the node is what its grant says.
inline constexpr mirror::Place kUnplaced{0xffffffff};

constexpr mirror::Place to_mirror(policy::Place place) noexcept {
  return mirror::Place{static_cast<std::uint32_t>(place)};
}

}  // namespace sluice::guard
