// SPDX-License-Identifier: MIT
#include "sluice/inspect/git_delta.h"

#include <cstdint>

namespace sluice::inspect {
namespace {

class Delta {
 public:
  Delta(Bytes base, Bytes delta) : base_{base}, delta_{delta} {}

  std::optional<std::vector<std::byte>> run(std::size_t most) {
    const std::uint64_t base_size = size(), result_size = size();
    if (bad_ || base_size != base_.size() || result_size > most) return std::nullopt;
    std::vector<std::byte> out;
    while (at_ < delta_.size() && !bad_) {
      const Bytes piece = next();
      if (bad_ || piece.size() > result_size - out.size()) return std::nullopt;
      out.insert(out.end(), piece.begin(), piece.end());
    }
    if (bad_ || out.size() != result_size) return std::nullopt;
    return out;
  }

 private:
  unsigned byte() noexcept {
    if (at_ == delta_.size()) {
      bad_ = true;
      return 0;
    }
    return std::to_integer<unsigned>(delta_[at_++]);
  }

  // Seven bits a byte, the lowest first.
  std::uint64_t size() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      const unsigned part = byte();
      value |= std::uint64_t{part & 0x7f} << shift;
      if ((part & 0x80) == 0) return value;
    }
    bad_ = true;
    return 0;
  }

  // Gives the bytes that the next instruction adds.
  Bytes next() noexcept {
    const unsigned instruction = byte();
    if ((instruction & 0x80) == 0) {
      if (instruction == 0 || instruction > delta_.size() - at_) return wrong();
      const Bytes literal = delta_.subspan(at_, instruction);
      at_ += instruction;
      return literal;
    }
    std::uint64_t offset = 0, length = 0;
    for (unsigned i = 0; i < 4; ++i) {
      if ((instruction >> i & 1) != 0) offset |= std::uint64_t{byte()} << (8 * i);
    }
    for (unsigned i = 0; i < 3; ++i) {
      if ((instruction >> (4 + i) & 1) != 0) length |= std::uint64_t{byte()} << (8 * i);
    }
    if (length == 0) length = 0x10000;
    if (offset > base_.size() || length > base_.size() - offset) return wrong();
    return base_.subspan(offset, length);
  }

  Bytes wrong() noexcept {
    bad_ = true;
    return {};
  }

  Bytes base_;
  Bytes delta_;
  std::size_t at_ = 0;
  bool bad_ = false;
};

}  // namespace

std::optional<std::vector<std::byte>> apply_delta(Bytes base, Bytes delta, std::size_t most) {
  return Delta{base, delta}.run(most);
}

}  // namespace sluice::inspect
