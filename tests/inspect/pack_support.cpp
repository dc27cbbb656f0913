// SPDX-License-Identifier: MIT
#include "pack_support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "sluice/inspect/git.h"
#include "text_support.h"

namespace sluice::inspect {
namespace {

std::string little(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i, value >>= 8) out += static_cast<char>(value & 0xff);
  return out;
}

std::string big32_of(std::size_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

std::string padded(std::string text, std::size_t length) {
  text.resize(length, '\0');
  return text;
}

}  // namespace

std::string deflated(std::string_view text, Wrapping wrapping) {
  const int bits = wrapping == Wrapping::raw ? -15 : wrapping == Wrapping::zlib ? 15 : 31;
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string tar_of(const std::vector<Member>& members) {
  std::string out;
  for (const Member& member : members) {
    std::string header = padded(member.name, 100) + padded("0000644", 8) + padded("0000000", 8) +
                         padded("0000000", 8) + fmt::format("{:011o} ", member.text.size()) +
                         padded("00000000000", 12) + "        0" + std::string(100, '\0') +
                         "ustar" + '\0' + "00";
    out += padded(header, 512) + padded(member.text, (member.text.size() + 511) / 512 * 512);
  }
  return out + std::string(1024, '\0');
}

std::string zip_of(const std::vector<Member>& members, Method method) {
  std::string out, directory;
  for (const Member& member : members) {
    const std::string data =
        method == Method::stored ? member.text : deflated(member.text, Wrapping::raw);
    const std::string common = little(20, 2) + little(0, 2) +
                               little(static_cast<unsigned>(method), 2) + little(0, 8) +
                               little(data.size(), 4) + little(member.text.size(), 4) +
                               little(member.name.size(), 2) + little(0, 2);
    directory +=
        "PK\x01\x02" + little(20, 2) + common + little(0, 10) + little(out.size(), 4) + member.name;
    out += "PK\x03\x04" + common + member.name + data;
  }
  const std::size_t offset = out.size();
  out += directory;
  return out + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) + little(members.size(), 2) +
         little(directory.size(), 4) + little(offset, 4) + little(0, 2);
}

const Detectors& token_detectors() {
  static const Detectors detectors = detectors_of({rule_of("tok", R"(\btok_[a-z]{8}\b)")});
  return detectors;
}

std::string described(const Contents& contents) {
  std::string out{name(contents.opened)};
  for (const Inside& one : contents.inside) out += fmt::format(" {}@{}", one.member, one.line);
  return out;
}

std::string inside(std::string_view file, std::string_view path, const ContainerLimits& limits) {
  Scanner scanner{token_detectors()};
  Budget budget{std::uint64_t{1} << 30, std::uint64_t{1} << 30};
  return described(look_inside(bytes_of(file), path, scanner, budget, limits));
}

std::string inside_pack(std::string_view pack, std::string_view index) {
  Scanner scanner{token_detectors()};
  Budget budget{std::uint64_t{1} << 30, std::uint64_t{1} << 30};
  return described(look_inside_pack(bytes_of(pack), bytes_of(index), "p", scanner, budget));
}

std::string pack_entry(unsigned type, std::size_t size) {
  std::string out;
  std::size_t byte = (type << 4) | (size & 15);
  size >>= 4;
  while (size != 0) {
    out += static_cast<char>(byte | 0x80);
    byte = size & 0x7f;
    size >>= 7;
  }
  return out + static_cast<char>(byte);
}

std::string pack_of(const std::vector<std::string>& entries) {
  std::string out = "PACK" + big32_of(2) + big32_of(entries.size());
  for (const std::string& entry : entries) out += entry;
  return out + std::string(20, 'h');
}

}  // namespace sluice::inspect
