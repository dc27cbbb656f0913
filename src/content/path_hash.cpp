// SPDX-License-Identifier: MIT
#include "sluice/content/path_hash.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::content {
namespace {

struct State {
  std::uint64_t a, b, c, d;

  void rounds(int count) noexcept {
    for (int i = 0; i < count; ++i) {
      a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
      c += d, d = std::rotl(d, 16) ^ c;
      a += d, d = std::rotl(d, 21) ^ a;
      c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
    }
  }
  void take(std::uint64_t word) noexcept {
    d ^= word;
    rounds(2);
    a ^= word;
  }
  std::uint64_t sum() const noexcept { return a ^ b ^ c ^ d; }
};

static_assert(std::endian::native == std::endian::little);

std::uint64_t word_of(Bytes bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), std::min(bytes.size(), sizeof word));
  return word;
}

Hash128 make_key() noexcept {
  Hash128 key{};
  if (::getrandom(key.data(), sizeof key, 0) == static_cast<ssize_t>(sizeof key)) return key;
  // No kernel that we run on comes here; a key that is hard to guess is better than none.
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  key[0] ^= static_cast<std::uint64_t>(now.tv_nsec) << 20 ^ static_cast<std::uint64_t>(::getpid());
  key[1] ^= static_cast<std::uint64_t>(now.tv_sec) ^ reinterpret_cast<std::uintptr_t>(&now);
  return key;
}

}  // namespace

Hash128 siphash(const Hash128& key, Bytes bytes) noexcept {
  State state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d ^ 0xee,
              key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
  const std::uint64_t length = bytes.size();
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) state.take(word_of(bytes.first(8)));
  state.take(length << 56 | (bytes.empty() ? 0 : word_of(bytes)));
  Hash128 sum{};
  state.c ^= 0xee;
  state.rounds(4);
  sum[0] = state.sum();
  state.b ^= 0xdd;
  state.rounds(4);
  sum[1] = state.sum();
  return sum;
}

Hash128 path_hash(std::string_view path) noexcept {
  static const Hash128 kKey = make_key();
  return siphash(kKey, bytes_of(path));
}

}  // namespace sluice::content
