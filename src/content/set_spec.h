// SPDX-License-Identifier: MIT
// Private to content: what a set is made of, as plain values that can be handed to a worker.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/content/findings.h"
#include "sluice/inspect/magic.h"
#include "sluice/inspect/rules.h"

namespace sluice::content {

struct SetSpec {
  enum class Kind : std::uint8_t {
    text,       // rules, held against what a file and what is inside of it says
    positions,  // in photos and videos
    manifest,   // ranges of bytes that somebody has listed, by the file's path
    type,       // kinds of files
    larger,     // files above a size
  };
  Kind kind = Kind::text;
  std::string name{};
  inspect::RuleSet rules{};            // text
  std::string file{};                  // manifest: its name, for messages
  std::string text{};                  // manifest: what is in it
  std::vector<inspect::Kind> types{};  // type
  std::uint64_t size = 0;              // larger, in bytes

  // Gives how many detectors it has.
  std::size_t detectors() const noexcept;
  // Gives the id of one, without the set's name; a set that is one detector has its name.
  std::string_view detector(std::size_t number) const noexcept;
  std::optional<std::uint32_t> find(std::string_view detector) const noexcept;
};

// Tells whether what the set finds depends on a file's path.
bool depends_on_path(const SetSpec& spec) noexcept;

// Gives a digest of all that decides what the set finds.
Digest32 digest_of(const SetSpec& spec);

// A set as a worker gets it: what it is, and its compiled database if there is one.
struct SetJob {
  SetSpec spec{};
  std::vector<std::byte> saved{};
};

inline constexpr std::size_t kMostSets = 256;

std::vector<std::byte> encode(const std::vector<SetJob>& jobs);
// Gives none for bytes that encode() cannot have given; regexes are not compiled here.
std::optional<std::vector<SetJob>> decode_jobs(Bytes code);

}  // namespace sluice::content
