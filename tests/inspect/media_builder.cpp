// SPDX-License-Identifier: MIT
#include "media_builder.h"

#include <zlib.h>

#include <algorithm>

namespace sluice::inspect::build {

std::string be(std::uint64_t value, unsigned width) {
  std::string text(width, '\0');
  for (unsigned i = 0; i < width; ++i, value >>= 8) {
    text[width - 1 - i] = static_cast<char>(value & 0xFF);
  }
  return text;
}

std::string le(std::uint64_t value, unsigned width) {
  std::string text = be(value, width);
  std::ranges::reverse(text);
  return text;
}

Tiff::Tiff(Order order, bool big) : order_{order}, big_{big} {
  text_ = order == Order::big ? "MM" : "II";
  text_ += number(big ? 43 : 42, 2);
  if (big) text_ += number(8, 2) + number(0, 2);
  text_ += number(0, big ? 8 : 4);
}

Tag Tiff::ascii(std::uint16_t id, std::string_view text) const {
  return {id, 2, text.size() + 1, std::string{text} + '\0'};
}

Tag Tiff::longs(std::uint16_t id, std::vector<std::uint64_t> values) const {
  Tag tag{id, static_cast<std::uint16_t>(big_ ? 16 : 4), values.size(), {}};
  for (const std::uint64_t value : values) tag.data += number(value, big_ ? 8 : 4);
  return tag;
}

Tag Tiff::undefined(std::uint16_t id, std::string_view bytes) const {
  return {id, 7, bytes.size(), std::string{bytes}};
}

Tag Tiff::degrees(std::uint16_t id, unsigned d, unsigned m, unsigned s) const {
  Tag tag{id, 5, 3, {}};
  for (const unsigned part : {d, m, s}) tag.data += number(part, 4) + number(1, 4);
  return tag;
}

std::uint64_t Tiff::bytes(std::string_view data) {
  const std::uint64_t at = text_.size();
  text_ += data;
  if (text_.size() % 2 != 0) text_ += '\0';
  return at;
}

std::uint64_t Tiff::directory(const std::vector<Tag>& tags, std::uint64_t next) {
  const std::size_t word = big_ ? 8 : 4;
  const std::uint64_t at = text_.size();
  const std::uint64_t length = (big_ ? 8 : 2) + tags.size() * (big_ ? 20 : 12) + word;
  std::string apart;
  text_ += number(tags.size(), big_ ? 8 : 2);
  for (const Tag& tag : tags) {
    text_ +=
        number(tag.id, 2) + number(tag.type, 2) + number(tag.count, static_cast<unsigned>(word));
    if (tag.data.size() <= word) {
      text_ += tag.data + std::string(word - tag.data.size(), '\0');
    } else {
      text_ += number(at + length + apart.size(), static_cast<unsigned>(word));
      apart += tag.data;
      if (apart.size() % 2 != 0) apart += '\0';
    }
  }
  text_ += number(next, static_cast<unsigned>(word)) + apart;
  return at;
}

std::uint64_t Tiff::gps() {
  return directory({{0, 1, 4, "\2\3\0\0"s},
                    ascii(1, "N"),
                    degrees(2, 48, 51, 24),
                    ascii(3, "E"),
                    degrees(4, 2, 17, 40),
                    ascii(29, "2024:01:02")});
}

std::string Tiff::finish(std::uint64_t first_directory) const {
  std::string text = text_;
  const unsigned word = big_ ? 8 : 4;
  text.replace(big_ ? 8 : 4, word, number(first_directory, word));
  return text;
}

std::string tiff_with_gps(Order order, bool big) {
  Tiff tiff{order, big};
  const std::uint64_t gps = tiff.gps();
  const std::uint64_t exif = tiff.directory(
      {tiff.ascii(0x9003, "2024:01:02 03:04:05"), tiff.undefined(0x9286, "ASCII\0\0\0keep me"sv)});
  return tiff.finish(tiff.directory({tiff.ascii(0x010F, "Acme Cameras"), tiff.ascii(0x0110, "X"),
                                     tiff.longs(0x8769, {exif}), tiff.longs(0x8825, {gps}),
                                     tiff.ascii(0xA431, "serial number")}));
}

std::string segment(unsigned char marker, std::string_view data) {
  return std::string{'\xFF', static_cast<char>(marker)} + be(data.size() + 2, 2) +
         std::string{data};
}

std::string exif_segment(std::string_view tiff) {
  return segment(0xE1, std::string{"Exif\0\0"sv} + std::string{tiff});
}

std::string xmp_segment(std::string_view packet) {
  return segment(0xE1, std::string{"http://ns.adobe.com/xap/1.0/\0"sv} + std::string{packet});
}

std::string jpeg(std::string_view segments) {
  std::string text = "\xFF\xD8";
  text += segment(0xE0, "JFIF\0\1\1\0\0\1\0\1\0\0"sv);
  text += segments;
  text += segment(0xDB, std::string(1, '\0') + std::string(64, '\1'));
  text += segment(0xC0, "\x08\0\x08\0\x08\1\1\x11\0"sv);
  text += segment(0xC4, std::string(1, '\0') + '\1' + std::string(16, '\0'));
  text += segment(0xDA, "\1\1\0\0\x3F\0"sv);
  text += "\x12\x34\xFF\0\x56\xFF\xD0\x78\xFF\xD1\x9A\xFF\xFF\xD9"sv;
  return text;
}

std::string resource(unsigned id, std::string_view data) {
  std::string text = "8BIM" + be(id, 2) + be(0, 2) + be(data.size(), 4) + std::string{data};
  if (data.size() % 2 != 0) text += '\0';
  return text;
}

std::string dataset(unsigned record, unsigned number, std::string_view value) {
  return "\x1C" + be(record, 1) + be(number, 1) + be(value.size(), 2) + std::string{value};
}

std::string xmp(std::string_view attributes, std::string_view inner) {
  return "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>\n"
         "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\n"
         "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n"
         "<rdf:Description rdf:about=''\n"
         " xmlns:exif='http://ns.adobe.com/exif/1.0/'\n"
         " xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/'\n"
         " xmlns:dc='http://purl.org/dc/elements/1.1/'\n " +
         std::string{attributes} + ">\n" + std::string{inner} +
         "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end='w'?>";
}

std::string utf16(std::string_view ascii, Order order) {
  std::string text = order == Order::big ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : ascii) {
    if (order == Order::big) text += '\0';
    text += c;
    if (order == Order::little) text += '\0';
  }
  return text;
}

std::string png_chunk(std::string_view type, std::string_view data) {
  const std::string text = std::string{type} + std::string{data};
  const uLong sum =
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
  return be(data.size(), 4) + text + be(sum, 4);
}

std::string png(std::string_view chunks) {
  return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", "\0\0\0\1\0\0\0\1\x08\0\0\0\0"sv) +
         std::string{chunks} + png_chunk("IDAT", deflated("\0\x80"sv)) + png_chunk("IEND", "");
}

std::string deflated(std::string_view plain) {
  uLongf length = compressBound(static_cast<uLong>(plain.size()));
  std::string packed(length, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &length,
           reinterpret_cast<const Bytef*>(plain.data()), static_cast<uLong>(plain.size()));
  packed.resize(length);
  return packed;
}

std::string hex_profile(std::string_view name, std::string_view bytes) {
  std::string text = "\n" + std::string{name} + "\n      " + std::to_string(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 36 == 0) text += '\n';
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(bytes[i]) >> 4];
    text += kDigits[static_cast<unsigned char>(bytes[i]) & 15];
  }
  return text + "\n";
}

std::string webp(const std::vector<std::pair<std::string, std::string>>& chunks) {
  std::string body = "WEBP";
  for (const auto& [type, data] : chunks) {
    body += type + le(data.size(), 4) + data;
    if (data.size() % 2 != 0) body += '\0';
  }
  return "RIFF" + le(body.size(), 4) + body;
}

bool checksums_are_right(std::string_view png) {
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value = value << 8 | static_cast<unsigned char>(png[at + i]);
    return value;
  };
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = number(at);
    if (length > png.size() - at - 12) return false;
    const uLong sum = crc32(0, reinterpret_cast<const Bytef*>(png.data() + at + 4),
                            static_cast<uInt>(length + 4));
    if (sum != number(at + 8 + length)) return false;
    if (png.substr(at + 4, 4) == "IEND") return true;
    at += 12 + length;
  }
  return true;
}

}  // namespace sluice::inspect::build
