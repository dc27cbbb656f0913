// SPDX-License-Identifier: MIT
// Reads a file that is too large to be looked into as a whole: each piece is looked into as it is
// read, with so much around it that nothing that lies across its borders is missed. What is given
// are the bytes that were looked into; that the file changes meanwhile makes no difference.
//
// A few pieces are kept for who reads on, for as long as the file is the same version and for a
// moment at the longest: whoever writes by a mapping does not change the version at once.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/content/finder.h"
#include "sluice/content/version.h"

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

  // Reads from `offset` on; fewer bytes than asked for only at the file's end. Any number of
  // threads may.
  // errors  EIO something is there that cannot be hidden, or nobody could look; those of reading.
  Result<std::size_t> read(std::uint64_t offset, MutableBytes into) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Piece {
    std::uint64_t number = 0;
    Version version{};
    Clock::time_point until{};
    std::vector<std::byte> bytes{};  // with what is to be hidden hidden; less at the file's end
  };
  using Shared = std::shared_ptr<const Piece>;

  Result<Shared> piece(std::uint64_t number) const;
  Result<Shared> make(std::uint64_t number, const Version& version) const;
  Shared kept(std::uint64_t number, const Version& version) const;
  void keep(Shared piece) const;

  const Fd lower_;
  const std::shared_ptr<Finder> finder_;
  const What what_;
  mutable std::mutex mutex_;          // guards the rest
  mutable std::list<Shared> pieces_;  // those read last come first
};

}  // namespace sluice::content
