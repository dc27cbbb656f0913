// SPDX-License-Identifier: MIT
#include "media_builder.h"

namespace sluice::inspect::build {

std::string box(std::string_view type, std::string_view body) {
  return be(body.size() + 8, 4) + std::string{type} + std::string{body};
}

std::string full_box(std::string_view type, std::string_view body, unsigned version,
                     unsigned flags) {
  return box(type, be(version, 1) + be(flags, 3) + std::string{body});
}

std::string wide_box(std::string_view type, std::string_view body) {
  return be(1, 4) + std::string{type} + be(body.size() + 16, 8) + std::string{body};
}

std::string ftyp(std::string_view brand) {
  return box("ftyp", std::string{brand} + be(0, 4) + std::string{brand});
}

std::string xmp_box(std::string_view packet) {
  constexpr auto kId = "\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC"sv;
  return box("uuid", std::string{kId} + std::string{packet});
}

std::string track(const TrackSpec& spec) {
  const std::string format = box(spec.format, std::string(6, '\0') + be(1, 2) + spec.format_body);
  const std::size_t samples =
      spec.uniform != 0 ? spec.chunks.size() * spec.per_chunk : spec.sizes.size();
  std::string sizes = be(spec.uniform, 4) + be(samples, 4);
  if (spec.uniform == 0) {
    for (const std::uint32_t size : spec.sizes) sizes += be(size, 4);
  }
  std::string offsets = be(spec.chunks.size(), 4);
  for (const std::uint64_t at : spec.chunks) offsets += be(at, spec.wide_offsets ? 8 : 4);
  const std::string stbl = box(
      "stbl", full_box("stsd", be(1, 4) + format) +
                  full_box("stsc", be(1, 4) + be(1, 4) + be(spec.per_chunk, 4) + be(1, 4)) +
                  full_box("stsz", sizes) + full_box(spec.wide_offsets ? "co64" : "stco", offsets));
  const std::string hdlr =
      full_box("hdlr", be(0, 4) + std::string{spec.handler} + std::string(12, '\0') + '\0');
  return box("trak", full_box("tkhd", be(0, 8) + be(spec.id, 4) + std::string(68, '\0')) +
                         box("mdia", hdlr + box("minf", stbl)));
}

std::string keys(const std::vector<std::pair<std::string, std::string>>& values) {
  std::string names = be(values.size(), 4);
  std::string items;
  std::uint32_t number = 0;
  for (const auto& [name, value] : values) {
    names += box("mdta", name);
    items += box(be(++number, 4), box("data", be(1, 4) + be(0, 4) + value));
  }
  const std::string hdlr = full_box("hdlr", be(0, 4) + "mdta" + std::string(13, '\0'));
  return box("meta", hdlr + full_box("keys", names) + box("ilst", items));
}

std::string heif(const std::vector<Item>& items, ItemsIn where) {
  const std::string head = ftyp("heic");
  std::string all;
  for (const Item& item : items) all += item.data;
  std::string entries;
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::string names(1, '\0');
    if (items[i].type == "mime") names += "application/rdf+xml"s + '\0';
    entries += full_box("infe", be(i + 1, 2) + be(0, 2) + items[i].type + names, 2);
  }
  const std::string hdlr = full_box("hdlr", be(0, 4) + "pict" + std::string(13, '\0'));
  const std::string iinf = full_box("iinf", be(items.size(), 2) + entries);
  const std::string idat = where == ItemsIn::idat ? box("idat", all) : "";
  // A box's length does not depend on the offsets in it, so it is made twice.
  std::uint64_t first = 0;
  std::string meta;
  for (int round = 0; round < 2; ++round) {
    std::string places = be(0x4400, 2) + be(items.size(), 2);
    std::uint64_t at = first;
    for (std::size_t i = 0; i < items.size(); ++i) {
      // Two extents each, so that a structure lies in pieces.
      const std::uint64_t half = items[i].data.size() / 2;
      places += be(i + 1, 2) + be(static_cast<unsigned>(where), 2) + be(0, 2) + be(2, 2);
      places += be(at, 4) + be(half, 4) + be(at + half, 4) + be(items[i].data.size() - half, 4);
      at += items[i].data.size();
    }
    meta = full_box("meta", hdlr + iinf + full_box("iloc", places, 1) + idat);
    if (where == ItemsIn::file) first = head.size() + meta.size() + 8;
  }
  return head + meta + (where == ItemsIn::file ? box("mdat", all) : "");
}

}  // namespace sluice::inspect::build
