// SPDX-License-Identifier: MIT
#include "sluice/policy/digest.h"

#include <openssl/sha.h>

namespace sluice::policy {

Digest digest_of(Bytes bytes) noexcept {
  Digest digest;
  static_assert(sizeof(Digest) == SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string hex(const Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : digest) {
    text += kDigits[std::to_integer<std::size_t>(byte >> 4)];
    text += kDigits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return text;
}

}  // namespace sluice::policy
