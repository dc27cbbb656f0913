// SPDX-License-Identifier: MIT
// gzip, tar and single zlib streams (which loose git objects are).
// source: RFC 1952; POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar
// Format"
#include <algorithm>

#include "sluice/inspect/inflate.h"
#include "sluice/inspect/opener.h"

namespace sluice::inspect {
namespace {

constexpr std::size_t kTarBlock = 512;
// A name may be any bytes, and as long as it likes; nobody's is longer.
constexpr std::size_t kLongestName = 4096;

void note(Unpacked unpacked, Opener& opener) noexcept {
  if (unpacked == Unpacked::malformed) opener.note(Opened::malformed);
  if (unpacked == Unpacked::too_large) opener.note(Opened::too_large);
}

bool all_zero(Bytes bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

std::string_view field(Bytes header, std::size_t offset, std::size_t length) noexcept {
  const std::string_view text = text_of(header.subspan(offset, length));
  return text.substr(0, text.find('\0'));
}

// Gives a number in octal digits, or in binary if the first bit is set; npos if it is neither.
std::uint64_t tar_number(Bytes header, std::size_t offset, std::size_t length) noexcept {
  constexpr std::uint64_t kBad = ~std::uint64_t{0};
  std::uint64_t number = 0;
  if (std::to_integer<unsigned>(header[offset]) >= 0x80) {
    for (std::size_t i = length - 8; i < length; ++i) {
      number = number << 8 | std::to_integer<unsigned>(header[offset + i]);
    }
    return number > (kBad >> 1) ? kBad : number;
  }
  for (const char c : field(header, offset, length)) {
    if (c == ' ') continue;
    if (c < '0' || c > '7') return kBad;
    number = number * 8 + static_cast<unsigned>(c - '0');
  }
  return number;
}

// Gives the path in a pax header's records ("27 path=some/name\n"); empty if there is none.
std::string_view pax_path(std::string_view records) noexcept {
  constexpr std::string_view kKey = " path=";
  const auto at = records.find(kKey);
  if (at == records.npos) return {};
  const std::string_view rest = records.substr(at + kKey.size());
  return rest.substr(0, rest.find('\n'));
}

class Tar {
 public:
  Tar(Bytes file, const std::string& name, unsigned depth, Opener& opener)
      : file_{file}, name_{name}, depth_{depth}, opener_{opener} {}

  void run() {
    std::size_t at = 0;
    while (opener_.goes_on() && file_.size() - at >= kTarBlock) {
      const Bytes header = file_.subspan(at, kTarBlock);
      at += kTarBlock;
      if (all_zero(header)) continue;  // what follows the end may still be unpacked by someone
      const std::uint64_t size = tar_number(header, 124, 12);
      const bool good = size <= file_.size() - at && opener_.budget().take_steps();
      if (!good) {
        // What is left is looked at as it is.
        opener_.note(Opened::malformed);
        opener_.scan(file_.subspan(at), name_);
        return;
      }
      take(header, file_.subspan(at, size));
      const std::uint64_t padded = (size + kTarBlock - 1) / kTarBlock * kTarBlock;
      at += std::min<std::uint64_t>(padded, file_.size() - at);
    }
  }

 private:
  void take(Bytes header, Bytes data) {
    const char type = static_cast<char>(header[156]);
    if (type == 'L') {  // GNU: the next member's name
      long_name_ = text_of(data).substr(0, std::min(text_of(data).find('\0'), kLongestName));
    } else if (type == 'x') {
      const std::string_view path = pax_path(text_of(data));
      if (!path.empty()) long_name_ = path.substr(0, kLongestName);
    } else {
      // Whatever its type: data is data.
      opener_.member(data, name_ + "!" + name_of(header), depth_);
      long_name_.clear();
    }
  }

  std::string name_of(Bytes header) const {
    if (!long_name_.empty()) return long_name_;
    const std::string_view prefix = field(header, 345, 155);
    std::string name{prefix};
    if (!prefix.empty()) name += '/';
    return name += field(header, 0, 100);
  }

  Bytes file_;
  const std::string& name_;
  unsigned depth_;
  Opener& opener_;
  std::string long_name_;
};

// Tells where the data of a loose object begins, behind "blob 123" and a zero; 0 if it is none.
std::size_t loose_header(Bytes bytes) noexcept {
  const std::string_view head = text_of(bytes).substr(0, 32);
  const auto zero = head.find('\0');
  if (zero == head.npos) return 0;
  for (const std::string_view type : {"blob ", "commit ", "tag ", "tree "}) {
    if (!head.starts_with(type)) continue;
    const std::string_view size = head.substr(type.size(), zero - type.size());
    if (!size.empty() && size.find_first_not_of("0123456789") == size.npos) return zero + 1;
  }
  return 0;
}

}  // namespace

void open_gzip(Bytes file, const std::string& name, unsigned depth, Opener& opener) {
  std::vector<std::byte> all;
  for (std::size_t at = 0; at < file.size();) {
    const Bytes rest = file.subspan(at);
    // Zeros behind the last stream are padding.
    if (at > 0 && all_zero(rest.first(std::min<std::size_t>(rest.size(), 2)))) break;
    Inflated one =
        inflate(rest, Wrapping::gzip, opener.limits().member_bytes - all.size(), opener.budget());
    all.insert(all.end(), one.bytes.begin(), one.bytes.end());
    note(one.unpacked, opener);
    if (one.unpacked != Unpacked::whole) break;
    at += one.consumed;
  }
  opener.member(all, name + "!", depth);
}

void open_tar(Bytes file, const std::string& name, unsigned depth, Opener& opener) {
  Tar{file, name, depth, opener}.run();
}

void open_zlib(Bytes file, const std::string& name, unsigned depth, Opener& opener) {
  const Inflated all = inflate(file, Wrapping::zlib, opener.limits().member_bytes, opener.budget());
  note(all.unpacked, opener);
  const std::size_t header = loose_header(all.bytes);
  if (header != 0 && text_of(all.bytes).starts_with("tree ")) return;
  opener.member(Bytes{all.bytes}.subspan(header), name + "!", depth);
}

}  // namespace sluice::inspect
