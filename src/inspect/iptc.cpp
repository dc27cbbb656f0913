// SPDX-License-Identifier: MIT
// source: IPTC-IIM 4.2 (chapter 1.5: a dataset is 1C, record, number, length, value); Adobe
// Photoshop file formats specification (image resources 0x0404, 0x0422 to 0x0425)
#include "sluice/inspect/iptc.h"

#include <optional>

#include "sluice/inspect/md5.h"
#include "sluice/inspect/tiff.h"
#include "sluice/inspect/xmp.h"

namespace sluice::inspect {
namespace {

constexpr std::uint64_t kMostIim = 4 << 20;
constexpr std::uint64_t kMostResources = 4096;
constexpr std::size_t kDigest = 16;

std::uint8_t at(Bytes bytes, std::size_t i) noexcept {
  return std::to_integer<std::uint8_t>(bytes[i]);
}

constexpr bool names_a_place(unsigned record, unsigned number) noexcept {
  if (record != 2) return false;
  switch (number) {
    case 26:
    case 27:  // content location, code and name
    case 90:
    case 92:
    case 95:  // city, sublocation, province
    case 100:
    case 101: return true;  // country, code and name
    default: return false;
  }
}

// Gives the length of the dataset at `bytes`' beginning, header and all.
Got<std::size_t> dataset_length(Bytes bytes) {
  if (bytes.size() < 5) return refuse(Why::malformed);
  std::size_t header = 5;
  std::uint64_t length = at(bytes, 3) << 8 | at(bytes, 4);
  if (length >= 0x8000) {  // the length of the length
    const std::size_t width = length & 0x7FFF;
    if (width > 4 || width > bytes.size() - header) return refuse(Why::malformed);
    length = 0;
    for (std::size_t i = 0; i < width; ++i) length = length << 8 | at(bytes, header + i);
    header += width;
  }
  if (length > bytes.size() - header) return refuse(Why::malformed);
  return header + static_cast<std::size_t>(length);
}

struct Resource {
  unsigned id;
  Range data;
  std::uint64_t end;  // of it and its padding
};

// Gives the resource at `offset`; none where no more follow.
Got<std::optional<Resource>> resource_at(const Area& area, std::uint64_t offset) {
  bool known = false;
  for (const std::string_view mark : {"8BIM", "MeSa", "AgHg", "PHUT", "DCSR"}) {
    known = known || TRY(area.has(offset, mark));
  }
  if (!known || !area.holds({offset, 12})) return std::nullopt;
  Resource resource{};
  resource.id = TRY(area.u16(offset + 4));
  const std::uint64_t name = TRY(area.u8(offset + 6));
  const std::uint64_t size_at = offset + 6 + (name + 2) / 2 * 2;  // name and its length, made even
  const std::uint64_t size = TRY(area.u32(size_at));
  resource.data = {size_at + 4, size};
  if (!area.holds(resource.data)) return refuse(Why::malformed);
  resource.end = resource.data.end() + size % 2;
  return resource;
}

Done write_digest(const Area& iim, const Area& digest) {
  return digest.replace(0, md5_of(TRY(iim.bytes(kMostIim))));
}

}  // namespace

Done positions_in_iim(const Area& area) {
  if (area.size() == 0) return {};
  const std::vector<std::byte> all = TRY(area.bytes(kMostIim));
  // Some have written it as four-byte numbers in the wrong order.
  if (at(all, 0) != 0x1C && all.size() > 3 && at(all, 3) == 0x1C) return refuse(Why::unsupported);
  std::vector<std::byte> kept;
  std::size_t i = 0;
  while (i < all.size()) {
    const Bytes rest = Bytes{all}.subspan(i);
    if (at(rest, 0) != 0x1C) {  // padding, or bytes that readers skip in search of a dataset
      kept.push_back(rest[0]);
      ++i;
      continue;
    }
    TRY(area.look().step());
    const std::size_t length = TRY(dataset_length(rest));
    if (!names_a_place(at(rest, 1), at(rest, 2))) {
      kept.insert(kept.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length));
    }
    i += length;
  }
  if (kept.size() == all.size()) return {};
  kept.resize(all.size());
  return area.replace(0, kept);
}

Done positions_in_photoshop(const Area& area, const Area* changed_iim) {
  std::optional<Area> iim, digest;
  if (changed_iim != nullptr) iim = *changed_iim;
  bool changed = changed_iim != nullptr;
  std::uint64_t offset = 0;
  for (std::uint64_t count = 0; offset < area.size(); ++count) {
    if (count > kMostResources) return refuse(Why::too_large);
    TRY(area.look().step());
    const auto resource = TRY(resource_at(area, offset));
    if (!resource) break;
    offset = resource->end;
    const Area data = TRY(area.part(resource->data));
    const std::uint64_t before = area.look().changes();
    if (resource->id == 0x0404) {
      TRY(positions_in_iim(data));
      iim = data;
      changed = changed || area.look().changes() != before;
    } else if (resource->id == 0x0422 || resource->id == 0x0423) {
      if (TRY(is_tiff(data))) TRY(positions_in_tiff(data));
    } else if (resource->id == 0x0424) {
      TRY(positions_in_xmp(data));
    } else if (resource->id == 0x0425 && data.size() == kDigest) {
      digest = data;
    }
  }
  return changed && iim && digest ? write_digest(*iim, *digest) : Done{};
}

}  // namespace sluice::inspect
