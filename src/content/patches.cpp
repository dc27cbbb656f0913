// SPDX-License-Identifier: MIT
// A record is an offset, a length and either one byte to repeat or as many bytes as it is long. A
// redaction does not tell its patches, only their ranges; so what they put there is taken from it
// by patching zeros, block by block, and blocks of one repeated byte are joined again.
#include "sluice/content/patches.h"

#include <algorithm>

#include "sluice/content/code.h"

namespace sluice::content {
namespace {

using inspect::Range;

constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kBlock = std::size_t{64} << 10;
enum class Form : std::uint8_t { repeated, bytes };

class Encoder {
 public:
  Encoder() { out_.number(kFormat); }

  void add(const inspect::Redaction& redaction, Range range) {
    std::vector<std::byte> block;
    while (range.length > 0) {
      block.assign(std::min<std::uint64_t>(range.length, kBlock), std::byte{0});
      redaction.apply(range.offset, block);
      add(range.offset, block);
      range = {range.offset + block.size(), range.length - block.size()};
    }
  }

  std::vector<std::byte> finish() && {
    flush();
    return std::move(out_).finish();
  }

 private:
  void add(std::uint64_t offset, Bytes block) {
    const std::byte first = block.front();
    const bool repeated = std::ranges::all_of(block, [&](std::byte b) { return b == first; });
    if (repeated && pending_.length > 0 && fill_ == first && pending_.end() == offset) {
      pending_.length += block.size();
      return;
    }
    flush();
    if (repeated) {
      pending_ = {offset, block.size()};
      fill_ = first;
      return;
    }
    out_.word(Form::bytes);
    out_.number(offset);
    out_.bytes(block);
  }

  void flush() {
    if (pending_.length == 0) return;
    out_.word(Form::repeated);
    out_.number(pending_.offset);
    out_.number(pending_.length);
    out_.word(fill_);
    pending_ = {};
  }

  CodeWriter out_;
  Range pending_{};
  std::byte fill_{};
};

}  // namespace

std::vector<std::byte> encode(const inspect::Redaction& redaction) {
  Encoder out;
  for (const Range range : redaction.ranges()) out.add(redaction, range);
  return std::move(out).finish();
}

std::optional<inspect::Redaction> decode_redaction(Bytes code, std::uint64_t file_size) {
  if (code.size() > kLongestPatches) return std::nullopt;
  CodeReader in{code};
  if (in.number<std::uint32_t>() != kFormat) return std::nullopt;
  inspect::Redaction redaction{file_size};
  while (in.ok() && !in.done()) {
    const auto form = in.word(Form::bytes);
    const auto offset = in.number<std::uint64_t>();
    inspect::Added added = inspect::Added::outside;
    if (form == Form::repeated) {
      const auto length = in.number<std::uint64_t>();
      const auto fill = in.number<std::uint8_t>();
      if (in.ok()) added = redaction.add({offset, length}, std::byte{fill});
    } else {
      const Bytes bytes = in.bytes(kBlock);
      if (in.ok()) added = redaction.add({offset, bytes.size()}, bytes);
    }
    if (added != inspect::Added::yes) return std::nullopt;
  }
  if (!in.ok()) return std::nullopt;
  return redaction;
}

}  // namespace sluice::content
