// SPDX-License-Identifier: MIT
// Findings, kept in a file from one start to the next, for any number of processes at once. It is
// only ever a shortcut: whatever is odd about the file or a row of it, there is nothing known.
//
// Who may write to it could have files shown; so it must be our own, in a folder of our own. A row
// has a checksum, so that one that is torn is none. What is to be kept is written by a thread of
// its own: nobody waits for the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/content/findings.h"

namespace sluice::content {

class VerdictCache {
 public:
  // `rows` are 16 at least.
  struct Limits {
    std::size_t rows = 2'000'000;
    std::uint64_t bytes = std::uint64_t{2} << 30;  // of the file
  };
  // What waits to be written; more is not kept.
  static constexpr std::size_t kQueueRows = 262'144;
  static constexpr std::size_t kQueueBytes = std::size_t{64} << 20;
  // What is longer is not kept: it is rare, and finding it out again is cheaper.
  static constexpr std::size_t kLongestValue = std::size_t{64} << 10;

  // file    is made where it is not there; its folder too. A file that is none of ours, of another
  //         version, or damaged is set aside as FILE.bad, and another one made, unless somebody is
  //         using it
  // limits  beyond, the rows go that were not used for longest
  VerdictCache(std::string file, Limits limits);
  ~VerdictCache();  // what waits is written

  // Gives why nothing is kept; empty where all is well. One line.
  std::string trouble() const;

  std::optional<Findings> get(Bytes key) noexcept;
  void put(std::vector<std::byte> key, const Findings& findings) noexcept;
  // Waits until what was put is written.
  void flush() noexcept;

 private:
  class Open;
  std::unique_ptr<Open> open_;
};

}  // namespace sluice::content
