// SPDX-License-Identifier: MIT
#include "sluice/inspect/containers.h"

#include <algorithm>
#include <new>

#include "sluice/inspect/git.h"
#include "sluice/inspect/opener.h"

namespace sluice::inspect {
namespace {

unsigned byte_at(Bytes bytes, std::size_t at) noexcept {
  return std::to_integer<unsigned>(bytes[at]);
}

Contents failed(Kind kind) noexcept {
  Contents contents;
  contents.opened = Opened::too_large;
  contents.kind = kind;
  return contents;
}

}  // namespace

std::uint16_t little16(Bytes bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(byte_at(bytes, at) | byte_at(bytes, at + 1) << 8);
}
std::uint32_t little32(Bytes bytes, std::size_t at) noexcept {
  return little16(bytes, at) | static_cast<std::uint32_t>(little16(bytes, at + 2)) << 16;
}
std::uint32_t big32(Bytes bytes, std::size_t at) noexcept {
  return byte_at(bytes, at) << 24 | byte_at(bytes, at + 1) << 16 | byte_at(bytes, at + 2) << 8 |
         byte_at(bytes, at + 3);
}

std::string_view name(Opened opened) noexcept {
  switch (opened) {
    case Opened::clean: return "clean";
    case Opened::found: return "found";
    case Opened::none: return "not a container";
    case Opened::malformed: return "malformed";
    case Opened::unsupported: return "unsupported";
    case Opened::too_deep: return "too deep";
    case Opened::too_large: break;
  }
  return "too large";
}

// In the order of the enumerators a later one is the graver, from malformed on.
void Opener::note(Opened what) noexcept { worst_ = std::max(worst_, what); }

void Opener::scan(Bytes bytes, const std::string& name) {
  Hits hits{limits_.findings};
  const Scanned scanned = scanner_.scan({bytes, name}, budget_, hits);
  for (const Hit& hit : hits.all()) {
    if (contents_.inside.size() == limits_.findings) break;
    contents_.inside.push_back({hit.detector, name, hit.line});
  }
  if (scanned != Scanned::whole) note(Opened::too_large);
}

bool Opener::open(Bytes bytes, const std::string& name, unsigned depth) {
  const Kind kind = kind_of(bytes.first(std::min(bytes.size(), kMagicLength)));
  switch (kind) {
    case Kind::gzip:
    case Kind::zip:
    case Kind::tar:
    case Kind::zlib:
    case Kind::git_pack: break;
    case Kind::bzip2:
    case Kind::xz:
    case Kind::zstd:
    case Kind::seven_zip:
    case Kind::rar: note(Opened::unsupported); return true;
    default: return false;
  }
  if (depth > limits_.depth) {
    note(Opened::too_deep);
    return true;
  }
  if (kind == Kind::gzip) open_gzip(bytes, name, depth, *this);
  if (kind == Kind::zip) open_zip(bytes, name, depth, *this);
  if (kind == Kind::tar) open_tar(bytes, name, depth, *this);
  if (kind == Kind::zlib) open_zlib(bytes, name, depth, *this);
  if (kind == Kind::git_pack) open_pack(bytes, {}, name, *this);
  return true;
}

void Opener::member(Bytes bytes, const std::string& name, unsigned depth) {
  if (!open(bytes, name, depth + 1)) scan(bytes, name);
}

Contents Opener::finish(Kind kind) && {
  if (budget_.exhausted() || contents_.inside.size() >= limits_.findings) note(Opened::too_large);
  contents_.kind = kind;
  contents_.rest = worst_;
  contents_.opened = contents_.inside.empty() ? worst_ : Opened::found;
  return std::move(contents_);
}

Contents look_inside(Bytes file, std::string_view path, Scanner& scanner, Budget& budget,
                     const ContainerLimits& limits) noexcept {
  const Kind kind = kind_of(file.first(std::min(file.size(), kMagicLength)));
  try {
    Opener opener{scanner, budget, limits};
    if (opener.open(file, std::string{path}, 1)) return std::move(opener).finish(kind);
    Contents none;
    none.kind = kind;
    return none;
  } catch (const std::bad_alloc&) {
    return failed(kind);
  }
}

Contents look_inside_pack(Bytes pack, Bytes index, std::string_view path, Scanner& scanner,
                          Budget& budget, const ContainerLimits& limits) noexcept {
  try {
    Opener opener{scanner, budget, limits};
    open_pack(pack, index, std::string{path}, opener);
    return std::move(opener).finish(Kind::git_pack);
  } catch (const std::bad_alloc&) {
    return failed(Kind::git_pack);
  }
}

}  // namespace sluice::inspect
