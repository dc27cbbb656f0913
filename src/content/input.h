// SPDX-License-Identifier: MIT
// Private to content: the file that is examined, by a descriptor or in memory.
#pragma once

#include <vector>

#include "sluice/inspect/redaction.h"
#include "sluice/inspect/source.h"

namespace sluice::content {

class Input final : public inspect::Source {
 public:
  // The first `size` bytes of an open file; borrowed, and its offset is changed by extents().
  Input(int fd, std::uint64_t size) noexcept : fd_{fd}, size_{size} {}
  explicit Input(Bytes bytes) noexcept : bytes_{bytes}, size_{bytes.size()} {}

  std::uint64_t size() const noexcept override { return size_; }
  Result<void> read(std::uint64_t offset, MutableBytes into) const noexcept override;
  // Tells whether some read has failed.
  bool has_failed() const noexcept { return failed_; }

  // Gives where the file has data, in ascending order; what lies between reads as zeros. Holes
  // shorter than `least` count as data, and everything from the `most`-th extent on.
  std::vector<inspect::Range> extents(std::uint64_t least, std::size_t most = 1024) const;

  // Gives the first bytes, `most` of them or all there are.
  std::vector<std::byte> head(std::size_t most) const;

 private:
  int fd_ = -1;
  Bytes bytes_{};
  std::uint64_t size_;
  mutable bool failed_ = false;
};

}  // namespace sluice::content
