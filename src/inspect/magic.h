// SPDX-License-Identifier: MIT
// What kind of file this is, by its first bytes; never by its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"

namespace sluice::inspect {

// How many first bytes are enough.
inline constexpr std::size_t kMagicLength = 512;

enum class Kind : std::uint8_t {
  empty,
  text,    // none of the others, and no NUL
  binary,  // none of the others
  gzip,
  zip,
  tar,
  zlib,  // may also be a loose git object
  git_pack,
  git_index,  // a pack's index
  bzip2,
  xz,
  zstd,
  seven_zip,
  rar,
  elf,
  pdf,
  sqlite,
  jpeg,
  png,
  gif,
  webp,
  tiff,
  isobmff,
  matroska,
  ogg,
  flac,
  wav,
  utf16,  // text with a mark of its byte order
};

Kind kind_of(Bytes head) noexcept;
// Gives the word for it, such as "git-pack".
std::string_view name(Kind kind) noexcept;
std::optional<Kind> kind_named(std::string_view word) noexcept;

}  // namespace sluice::inspect
