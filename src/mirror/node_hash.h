// SPDX-License-Identifier: MIT
// SipHash, keyed by a seed that each table draws for itself.
//
// Handle bytes are chosen by the lower file system, but who creates files can lean on them (inode
// numbers are handed out in order, and a loop image may hold any). With a secret key nobody can
// pick files that fall into one bucket, and the short 1-3 rounds are enough for a hash table.
// The algorithm is that of J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF".
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "sluice/base/bytes.h"

namespace sluice::mirror {

using HashKey = std::array<std::uint64_t, 2>;

template <int kCompress, int kFinish>
class SipHash {
 public:
  explicit SipHash(const HashKey& key) noexcept
      : a_{key[0] ^ 0x736f6d6570736575},
        b_{key[1] ^ 0x646f72616e646f6d},
        c_{key[0] ^ 0x6c7967656e657261},
        d_{key[1] ^ 0x7465646279746573} {}

  // Takes eight bytes, as a little-endian word.
  void word(std::uint64_t value) noexcept {
    d_ ^= value;
    rounds(kCompress);
    a_ ^= value;
    length_ += 8;
  }

  // Takes the last bytes and gives the hash of all that was taken.
  std::uint64_t finish(Bytes rest) noexcept {
    for (; rest.size() >= 8; rest = rest.subspan(8)) word(load(rest.first(8)));
    const std::uint64_t total = length_ + rest.size();
    word(load(rest) | (total & 0xff) << 56);
    c_ ^= 0xff;
    rounds(kFinish);
    return a_ ^ b_ ^ c_ ^ d_;
  }

 private:
  static_assert(std::endian::native == std::endian::little);

  static std::uint64_t load(Bytes bytes) noexcept {
    std::uint64_t value = 0;
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }

  void rounds(int count) noexcept {
    for (int i = 0; i < count; ++i) {
      a_ += b_;
      c_ += d_;
      b_ = std::rotl(b_, 13) ^ a_;
      d_ = std::rotl(d_, 16) ^ c_;
      a_ = std::rotl(a_, 32);
      c_ += b_;
      a_ += d_;
      b_ = std::rotl(b_, 17) ^ c_;
      d_ = std::rotl(d_, 21) ^ a_;
      c_ = std::rotl(c_, 32);
    }
  }

  std::uint64_t a_, b_, c_, d_;
  std::uint64_t length_ = 0;
};

// The hash of a node's key: its fixed part, then the handle's bytes.
inline std::uint64_t node_hash(const HashKey& key, std::uint64_t fixed, Bytes handle) noexcept {
  SipHash<1, 3> hash{key};
  hash.word(fixed);
  return hash.finish(handle);
}

}  // namespace sluice::mirror
