// SPDX-License-Identifier: MIT
// How a guard behaves, as whoever mounts chooses, and what it tells of itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/content/contents.h"
#include "sluice/guard/decision.h"
#include "sluice/mirror/node_slot.h"
#include "sluice/policy/program.h"

namespace sluice::guard {

// Whether what the policy forbids is refused, or done and only told.
enum class Enforce : std::uint8_t { yes, no };

// What a guard decides by. Without `contents` whatever depends on content is as if it could not be
// found out.
struct Policy {
  std::shared_ptr<const policy::Program> program;
  std::shared_ptr<content::Contents> contents;

  template <class Program>
  Policy(std::shared_ptr<Program> rules, std::shared_ptr<content::Contents> found = nullptr)
      : program{std::move(rules)}, contents{std::move(found)} {}
};

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
  std::uint64_t redacted = 0;   // opens that were given other bytes
  std::uint64_t snapshots = 0;  // opens that were given bytes as they were, while others write
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

// Tells whether a caller may change the file. Not what he is not shown as it is: he would put back
// what he was shown.
bool can_write(const policy::Grant& grant) noexcept;
// Tells whether a caller is not shown the file as it is.
constexpr bool must_redact(const policy::Grant& grant) noexcept {
  return grant.read == policy::Read::redact || grant.execute == policy::Read::redact;
}

// Names the rule by which a file is redacted, where it is.
inline constexpr std::string_view kRedactedXattr = "user.sluice.redacted";

constexpr mirror::Place to_mirror(policy::Place place) noexcept {
  return mirror::Place{static_cast<std::uint32_t>(place)};
}

}  // namespace sluice::guard
