// SPDX-License-Identifier: MIT
// Builds small files of each format by hand: as legal as a reader needs, and with what a test wants
// in them. All numbers are big-endian unless a name says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/inspect/area.h"

namespace sluice::inspect::build {

using namespace std::literals;

std::string be(std::uint64_t value, unsigned width);
std::string le(std::uint64_t value, unsigned width);

// TIFF ------------------------------------------------------------------------------------------
struct Tag {
  std::uint16_t id;
  std::uint16_t type;
  std::uint64_t count;
  std::string data;  // in the structure's order; padded to what fits an entry
};

class Tiff {
 public:
  explicit Tiff(Order order = Order::little, bool big = false);

  std::string number(std::uint64_t value, unsigned width) const {
    return order_ == Order::big ? be(value, width) : le(value, width);
  }
  Tag ascii(std::uint16_t id, std::string_view text) const;
  Tag longs(std::uint16_t id, std::vector<std::uint64_t> values) const;
  Tag undefined(std::uint16_t id, std::string_view bytes) const;
  // Degrees, minutes, seconds.
  Tag degrees(std::uint16_t id, unsigned d, unsigned m, unsigned s) const;

  // Appends a directory with its values; gives its offset. Tags in ascending order, please.
  std::uint64_t directory(const std::vector<Tag>& tags, std::uint64_t next = 0);
  // Appends a GPS directory: 48 deg 51' 24" N, 2 deg 17' 40" E.
  std::uint64_t gps();
  // Appends bytes; gives their offset.
  std::uint64_t bytes(std::string_view data);
  std::string finish(std::uint64_t first_directory) const;

 private:
  Order order_;
  bool big_;
  std::string text_;
};

// Gives a structure with a camera's name, an Exif directory with a comment, and a position.
std::string tiff_with_gps(Order order = Order::little, bool big = false);

// JPEG ------------------------------------------------------------------------------------------
std::string segment(unsigned char marker, std::string_view data);
std::string exif_segment(std::string_view tiff);
std::string xmp_segment(std::string_view packet);
// Gives an image with `segments` after its beginning. Its scan has stuffed and restart bytes in it.
std::string jpeg(std::string_view segments);
std::string resource(unsigned id, std::string_view data);                       // Photoshop's
std::string dataset(unsigned record, unsigned number, std::string_view value);  // IPTC's

// XMP -------------------------------------------------------------------------------------------
// Gives a packet with `inner` in its description and `attributes` on it.
std::string xmp(std::string_view attributes, std::string_view inner = {});
std::string utf16(std::string_view ascii, Order order);

// PNG and WebP ----------------------------------------------------------------------------------
std::string png_chunk(std::string_view type, std::string_view data);
// Gives a 1x1 image with `chunks` before its data.
std::string png(std::string_view chunks);
std::string deflated(std::string_view plain);
std::string hex_profile(std::string_view name, std::string_view bytes);
std::string webp(const std::vector<std::pair<std::string, std::string>>& chunks);
// Tells whether each chunk's checksum is right.
bool checksums_are_right(std::string_view png);

// Boxes -----------------------------------------------------------------------------------------
std::string box(std::string_view type, std::string_view body);
std::string full_box(std::string_view type, std::string_view body, unsigned version = 0,
                     unsigned flags = 0);
std::string wide_box(std::string_view type, std::string_view body);  // with a 64-bit size
std::string ftyp(std::string_view brand);
std::string xmp_box(std::string_view packet);

struct TrackSpec {
  unsigned id = 1;
  std::string_view handler = "meta";
  std::string_view format = "gpmd";
  std::string format_body = {};
  std::vector<std::uint64_t> chunks = {};  // offsets
  std::vector<std::uint32_t> sizes = {};   // one sample a chunk, unless...
  std::uint32_t per_chunk = 1;
  std::uint32_t uniform = 0;  // size of all samples, if not 0
  bool wide_offsets = false;
};
std::string track(const TrackSpec& spec);

// Gives a `meta` box of keys and values, as Apple's.
std::string keys(const std::vector<std::pair<std::string, std::string>>& values);

struct Item {
  std::string type;  // "Exif" or "mime"
  std::string data;
};
enum class ItemsIn : std::uint8_t { file, idat, items };
// Gives a HEIC file without pictures, with `items` in it.
std::string heif(const std::vector<Item>& items, ItemsIn where = ItemsIn::file);

}  // namespace sluice::inspect::build
