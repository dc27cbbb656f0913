// SPDX-License-Identifier: MIT
// What is shown of one version of a file in its place: as many bytes, of which some are replaced,
// or a copy of all of them. Immutable; shared by all who show it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "sluice/base/bytes.h"
#include "sluice/base/fd.h"
#include "sluice/base/result.h"
#include "sluice/content/version.h"
#include "sluice/inspect/redaction.h"

namespace sluice::content {

class Face {
 public:
  // A file that holds all of it, which nobody can write to. released: called when it is gone
  Face(Fd file, std::uint64_t size, std::function<void()> released);
  // Without a file: the lower one is read and patched each time. lower: open for reading
  Face(Fd lower, const Version& version, inspect::Redaction redaction);
  // Without a file: whoever reads asks `reader`, which does what read() says.
  using Reader = std::function<Result<std::size_t>(std::uint64_t offset, MutableBytes into)>;
  Face(std::uint64_t size, Reader reader);
  ~Face();
  Face(const Face&) = delete;

  // Gives the file, open for reading; null where there is none.
  const Fd* file() const noexcept { return file_ && !ranges_ ? &file_ : nullptr; }
  std::uint64_t size() const noexcept { return size_; }
  // Reads from `offset` on; fewer bytes than asked for only at the end.
  // errors  EIO the lower file is no longer the version that was inspected, or cannot be read.
  Result<std::size_t> read(std::uint64_t offset, MutableBytes into) const noexcept;

 private:
  struct Ranges {
    Version version;
    inspect::Redaction redaction;
  };
  const Fd file_;  // or the lower one
  const std::uint64_t size_;
  const std::optional<Ranges> ranges_;
  const Reader reader_;
  const std::function<void()> released_;
};

}  // namespace sluice::content
