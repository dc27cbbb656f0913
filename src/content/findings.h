// SPDX-License-Identifier: MIT
// What one set of detectors found in one version of a file: which detectors, where, and whether all
// of the file was looked at. Never the bytes that were found. This is what a cache keeps and what a
// worker answers, so reading it back trusts nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"

namespace sluice::content {

// The number of a set in its Detection.
enum class SetIndex : std::uint32_t {};

using Digest32 = std::array<std::byte, 32>;

// How an inspection ended. What was found counts in any case; that nothing else is there can be
// said of what is `whole` only.
enum class Outcome : std::uint8_t {
  whole,
  too_big,    // larger than the policy lets be inspected; nothing was read
  timed_out,  // longer than the policy's deadline
  failed,     // see Findings::why
  busy,       // nobody had time to look; never kept
};
std::string_view name(Outcome outcome) noexcept;

struct Spot {
  std::uint32_t detector = 0;  // an index into Findings::detectors
  std::uint64_t offset = 0;    // in the file, in bytes; 0 in something inside of it
  std::uint64_t length = 0;    // 0 in something inside of it
  std::uint64_t line = 0;      // 1 is the first; 0 where there is none to be told
  friend bool operator==(const Spot&, const Spot&) = default;
};

struct Findings {
  static constexpr std::size_t kMostDetectors = 4096;
  static constexpr std::size_t kMostSpots = 64;
  static constexpr std::size_t kLongestName = 256;
  static constexpr std::size_t kLongestWhy = 500;
  static constexpr std::size_t kLongestCode = std::size_t{1} << 20;

  Outcome outcome = Outcome::failed;
  // Ids of the detectors that found something, without the set's name; sorted, each once.
  std::vector<std::string> detectors{};
  std::vector<Spot> spots{};       // the first ones, for a person to look at
  std::uint64_t spots_in_all = 0;  // as many as there are of them, or more
  bool wholly = false;  // inside of a container, or about the file as a whole: there are no bytes
                        // in it that could be replaced
  std::string why{};  // why it is not `whole`, or what was not looked into; one line, may be empty

  bool found() const noexcept { return !detectors.empty(); }
  bool has(std::string_view detector) const noexcept;

  // At most kLongestCode bytes; what is over the limits above is left out, and then the outcome is
  // told as failed.
  std::vector<std::byte> encode() const;
  // Gives none for bytes that encode() cannot have given.
  static std::optional<Findings> decode(Bytes code);

  friend bool operator==(const Findings&, const Findings&) = default;
};

// Makes findings that say only why nothing can be said.
Findings nothing_known(Outcome outcome, std::string why);

}  // namespace sluice::content
