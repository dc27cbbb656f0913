// SPDX-License-Identifier: MIT
// Reads a file that is too large to be looked into as a whole: each piece is looked into as it is
// read, with so much around it that nothing that lies across its borders is missed. What is given
// are the bytes that were looked into; that the file changes meanwhile makes no difference.
#pragma once

#include <memory>
#include <string>

#include "sluice/base/fd.h"
#include "sluice/content/finder.h"

namespace sluice::content {

class PieceReader {
 public:
  struct What {
    policy::ContentSet contents;  // to be hidden
    std::string path;             // as Finder takes it
    std::uint64_t around = 0;     // bytes on either side that decide what is in a piece
  };

  // lower   the file, open for reading
  // finder  is kept for as long as this lives
  PieceReader(Fd lower, std::shared_ptr<Finder> finder, What what);

  // Reads from `offset` on; fewer bytes than asked for only at the file's end.
  // errors  EIO something is there that cannot be hidden, or nobody could look; those of reading.
  Result<std::size_t> read(std::uint64_t offset, MutableBytes into) const;

 private:
  Fd lower_;
  std::shared_ptr<Finder> finder_;
  What what_;
};

}  // namespace sluice::content
