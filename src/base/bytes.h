// SPDX-License-Identifier: MIT
// Borrowed ranges of bytes and what the rest of the code does with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace sluice {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

// Gives the bytes of an object; borrowed for as long as the object lives.
template <class T>
  requires std::is_trivially_copyable_v<T>
Bytes bytes_of(const T& value) noexcept {
  return std::as_bytes(std::span{&value, 1});
}

inline Bytes bytes_of(std::string_view text) noexcept { return std::as_bytes(std::span{text}); }

inline std::string_view text_of(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace sluice
