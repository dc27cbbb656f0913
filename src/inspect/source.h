// SPDX-License-Identifier: MIT
// The file that is inspected, as its readers see it: a length and bytes at any offset. A file of a
// hundred gigabytes is never in memory; what is in memory is a BytesSource.
#pragma once

#include <cstdint>
#include <cstring>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"

namespace sluice::inspect {

class Source {
 public:
  virtual ~Source() = default;

  // Gives the length in bytes; it stays the same for as long as the source is used.
  virtual std::uint64_t size() const noexcept = 0;

  // Fills `into` wholly with the bytes from `offset` on.
  // errors  EIO the file is shorter than size() said by now, or cannot be read.
  virtual Result<void> read(std::uint64_t offset, MutableBytes into) const noexcept = 0;
};

// Reads bytes that are in memory or mapped; borrowed for as long as the source lives.
class BytesSource final : public Source {
 public:
  explicit BytesSource(Bytes bytes) noexcept : bytes_{bytes} {}

  std::uint64_t size() const noexcept override { return bytes_.size(); }
  Result<void> read(std::uint64_t offset, MutableBytes into) const noexcept override {
    if (offset > bytes_.size() || into.size() > bytes_.size() - offset) return fail(EIO);
    if (!into.empty()) std::memcpy(into.data(), bytes_.data() + offset, into.size());
    return {};
  }

 private:
  Bytes bytes_;
};

}  // namespace sluice::inspect
