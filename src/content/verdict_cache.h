// SPDX-License-Identifier: MIT
// Findings, kept in a file from one start to the next, for any number of processes at once. It is
// only ever a shortcut: whatever is odd about the file or a row of it, there is nothing known.
//
// Who may write to it could have files shown; so it must be our own, in a folder of our own. A row
// has a checksum, so that one that is torn is none. What is to be kept is written by a thread of
// its own: nobody waits for the disk.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/content/findings.h"

namespace sluice::content {

class VerdictCache {
 public:
  static constexpr std::size_t kQueue = 65536;  // rows that wait to be written; more are not kept

  // file       is made where it is not there; its folder too. A file that is none of ours, of
  //            another version, or damaged is set aside as FILE.bad, and another one made, unless
  //            somebody is using it
  // most_rows  beyond, those that were not used for longest go
  VerdictCache(std::string file, std::size_t most_rows);
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
