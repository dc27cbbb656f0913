// SPDX-License-Identifier: MIT
#include "sluice/inspect/magic.h"

#include <algorithm>
#include <array>

namespace sluice::inspect {
namespace {

using namespace std::string_view_literals;

struct Magic {
  Kind kind;
  std::size_t offset;
  std::string_view bytes;
};

// The first that fits counts. Two marks for one kind are two lines.
constexpr std::array kMagics{
    Magic{Kind::gzip, 0, "\x1f\x8b"sv},
    Magic{Kind::zip, 0, "PK\x03\x04"sv},
    Magic{Kind::zip, 0, "PK\x05\x06"sv},
    Magic{Kind::git_pack, 0, "PACK\0\0\0"sv},
    Magic{Kind::git_index, 0, "\xfftOc\0\0\0\x02"sv},
    Magic{Kind::bzip2, 4, "1AY&SY"sv},
    Magic{Kind::xz, 0,
          "\xfd"
          "7zXZ\0"sv},
    Magic{Kind::zstd, 0, "\x28\xb5\x2f\xfd"sv},
    Magic{Kind::seven_zip, 0, "7z\xbc\xaf\x27\x1c"sv},
    Magic{Kind::rar, 0, "Rar!\x1a\x07"sv},
    Magic{Kind::elf, 0,
          "\x7f"
          "ELF"sv},
    Magic{Kind::pdf, 0, "%PDF-"sv},
    Magic{Kind::sqlite, 0, "SQLite format 3\0"sv},
    Magic{Kind::jpeg, 0, "\xff\xd8\xff"sv},
    Magic{Kind::png, 0, "\x89PNG\r\n\x1a\n"sv},
    Magic{Kind::gif, 0, "GIF8"sv},
    Magic{Kind::tiff, 0, "II*\0"sv},
    Magic{Kind::tiff, 0, "MM\0*"sv},
    Magic{Kind::isobmff, 4, "ftyp"sv},
    Magic{Kind::isobmff, 4, "moov"sv},
    Magic{Kind::matroska, 0, "\x1a\x45\xdf\xa3"sv},
    Magic{Kind::ogg, 0, "OggS"sv},
    Magic{Kind::flac, 0, "fLaC"sv},
    Magic{Kind::tar, 257, "ustar"sv},
    Magic{Kind::utf16, 0, "\xff\xfe"sv},
    Magic{Kind::utf16, 0, "\xfe\xff"sv},
};

constexpr std::array<std::pair<Kind, std::string_view>, 28> kNames{{
    {Kind::empty, "empty"},
    {Kind::text, "text"},
    {Kind::binary, "binary"},
    {Kind::gzip, "gzip"},
    {Kind::zip, "zip"},
    {Kind::tar, "tar"},
    {Kind::zlib, "zlib"},
    {Kind::git_pack, "git-pack"},
    {Kind::git_index, "git-index"},
    {Kind::bzip2, "bzip2"},
    {Kind::xz, "xz"},
    {Kind::zstd, "zstd"},
    {Kind::seven_zip, "7z"},
    {Kind::rar, "rar"},
    {Kind::elf, "elf"},
    {Kind::pdf, "pdf"},
    {Kind::sqlite, "sqlite"},
    {Kind::jpeg, "jpeg"},
    {Kind::png, "png"},
    {Kind::gif, "gif"},
    {Kind::webp, "webp"},
    {Kind::tiff, "tiff"},
    {Kind::isobmff, "isobmff"},
    {Kind::matroska, "matroska"},
    {Kind::ogg, "ogg"},
    {Kind::flac, "flac"},
    {Kind::wav, "wav"},
    {Kind::utf16, "utf16"},
}};

// Tells whether two bytes begin a zlib stream. source: RFC 1950, 2.2
bool is_zlib(std::string_view head) noexcept {
  if (head.size() < 2) return false;
  const unsigned method = static_cast<unsigned char>(head[0]),
                 flags = static_cast<unsigned char>(head[1]);
  return (method & 0x0f) == 8 && (method >> 4) <= 7 && (flags & 0x20) == 0 &&
         (method * 256 + flags) % 31 == 0;
}

}  // namespace

Kind kind_of(Bytes head) noexcept {
  const std::string_view text = text_of(head).substr(0, kMagicLength);
  if (text.empty()) return Kind::empty;
  for (const Magic& magic : kMagics) {
    if (text.size() > magic.offset && text.substr(magic.offset).starts_with(magic.bytes))
      return magic.kind;
  }
  if (text.starts_with("RIFF") && text.size() >= 12) {
    if (text.substr(8, 4) == "WEBP") return Kind::webp;
    if (text.substr(8, 4) == "WAVE") return Kind::wav;
  }
  // `x^` begins many a text, too; what is behind decides: deflate is soon no text.
  const bool plain = text.find('\0') == text.npos;
  const bool printable = std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f';
  });
  if (is_zlib(text) && !(plain && printable)) return Kind::zlib;
  return plain ? Kind::text : Kind::binary;
}

std::string_view name(Kind kind) noexcept {
  const auto* found = std::ranges::find(kNames, kind, &std::pair<Kind, std::string_view>::first);
  return found == kNames.end() ? "binary"sv : found->second;
}

std::optional<Kind> kind_named(std::string_view word) noexcept {
  const auto* found = std::ranges::find(kNames, word, &std::pair<Kind, std::string_view>::second);
  if (found == kNames.end()) return std::nullopt;
  return found->first;
}

}  // namespace sluice::inspect
