// SPDX-License-Identifier: MIT
#include "sluice/inspect/md5.h"

#include <openssl/evp.h>

#include <string_view>

namespace sluice::inspect {

std::array<std::byte, 16> md5_of(Bytes bytes) noexcept {
  std::array<std::byte, 16> sum{};
  unsigned length = sum.size();
  const int made =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(sum.data()), &length,
                 EVP_md5(), nullptr);
  if (made != 1) sum.fill(std::byte{0});
  return sum;
}

std::string md5_text(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const std::byte b : md5_of(bytes)) {
    text += kDigits[std::to_integer<unsigned>(b) >> 4];
    text += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

}  // namespace sluice::inspect
