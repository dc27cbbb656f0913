// SPDX-License-Identifier: MIT
// Paths as 128 bits, for tables in memory. Whoever names files may not make two paths the same to
// us (one of them may be on an allowlist), so the hash is SipHash with a key that is made anew by
// each process: what cannot be guessed cannot be made to collide.
// source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (SipHash-2-4, 128 bits)
#pragma once

#include <array>
#include <cstdint>

#include "sluice/base/bytes.h"

namespace sluice::content {

using Hash128 = std::array<std::uint64_t, 2>;

Hash128 siphash(const Hash128& key, Bytes bytes) noexcept;

// Gives what stands for `path` as long as this process lives.
Hash128 path_hash(std::string_view path) noexcept;

}  // namespace sluice::content
