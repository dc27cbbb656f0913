// SPDX-License-Identifier: MIT
// What must hold of any bytes in which positions are looked for, whatever they are called: the
// targets for each container share it, and see to it that the bytes begin as their container does.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/inspect/media.h"

namespace sluice::inspect::fuzz {

inline void must(bool condition) {
  if (!condition) std::abort();
}

// Puts `magic` at `offset`, as far as the bytes go.
inline std::string with_magic(const std::uint8_t* data, std::size_t size, std::size_t offset,
                              std::string_view magic) {
  std::string bytes(data, data + size);
  for (std::size_t i = 0; i < magic.size() && offset + i < size; ++i) bytes[offset + i] = magic[i];
  return bytes;
}

inline Positions search(const std::string& bytes, Redaction& out) {
  const BytesSource source{bytes_of(std::string_view{bytes})};
  Budget budget{std::uint64_t{64} << 20, std::uint64_t{1} << 20};
  return positions_in(source, budget, out);
}

inline void look_for_positions(const std::string& bytes) {
  Redaction out{bytes.size(), std::size_t{1} << 20};
  const Positions said = search(bytes, out);
  std::uint64_t end = 0;
  for (const Range range : out.ranges()) {
    must(range.length > 0 && range.offset >= end && range.end() <= bytes.size());
    end = range.end();
  }
  if (said.finding == Finding::clean) must(out.empty());
  if (said.finding != Finding::found) return;
  must(said.media != Media::none && !out.empty());
  std::string redacted = bytes;
  out.apply(0, std::as_writable_bytes(std::span{redacted}));
  must(redacted.size() == bytes.size());
  // Whoever looks at what was served finds nothing more, and no other kind of file.
  Redaction again{redacted.size()};
  const Positions second = search(redacted, again);
  must(second.finding == Finding::clean && second.media == said.media);
}

}  // namespace sluice::inspect::fuzz
