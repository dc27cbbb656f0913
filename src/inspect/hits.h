// SPDX-License-Identifier: MIT
// What detectors found in a text: where, never what. The secret itself is in no hit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sluice/inspect/redaction.h"

namespace sluice::inspect {

// The number of a detector in its Detectors.
enum class DetectorIndex : std::uint32_t {};

enum class Width : std::uint8_t {
  bytes,  // one byte a character, or UTF-8
  wide,   // UTF-16, either byte order: every other byte of the range is a character
};

struct Hit {
  DetectorIndex detector{};
  Range secret;            // in the file
  std::uint64_t line = 0;  // where the match begins; 1 is the first. 0 in a file without lines
  Width width = Width::bytes;
  friend bool operator==(const Hit&, const Hit&) = default;
};

// A bounded list of them.
class Hits {
 public:
  static constexpr std::size_t kDefaultMost = 100'000;

  explicit Hits(std::size_t most = kDefaultMost) noexcept : most_{most} {}

  // Keeps `hit`, if there is room; a hit that is there already is kept once.
  void add(const Hit& hit);
  // Tells that there were more than could be kept: then what is here must not be taken for all.
  bool overflowed() const noexcept { return overflowed_; }
  void overflow() noexcept { overflowed_ = true; }

  bool empty() const noexcept { return hits_.empty() && !overflowed_; }
  std::size_t size() const noexcept { return hits_.size(); }
  // Sorts them by where they are, then by detector, and drops those that are there twice.
  void settle();
  std::span<const Hit> all() const noexcept { return hits_; }
  bool has(DetectorIndex detector) const noexcept;

 private:
  std::size_t most_;
  bool overflowed_ = false;
  std::vector<Hit> hits_;
};

}  // namespace sluice::inspect
