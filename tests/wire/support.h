// SPDX-License-Identifier: MIT
// What the tests of this room share: bytes on the heap in memory exactly as long as they are, so
// that a sanitizer sees a read of even one byte too many.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/wire/structs.h"

namespace sluice::wire::test {

// Owns a copy of some bytes without a byte to spare on either side.
class Exact {
 public:
  explicit Exact(std::string_view text) {
    const Bytes bytes = bytes_of(text);
    bytes_.assign(bytes.begin(), bytes.end());
    bytes_.shrink_to_fit();
  }
  Bytes get() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Gives the number of the error in `result`, 0 when there is a value.
template <class T, class E>
int error_of(const Result<T, E>& result) {
  if (result) return 0;
  if constexpr (std::is_same_v<E, Errno>) {
    return result.error().value();
  } else {
    return result.error().cause().value();
  }
}

// Makes a string of byte values, so that golden bytes can be compared and printed.
inline std::string raw(std::initializer_list<unsigned> values) {
  std::string text;
  for (unsigned value : values) text += static_cast<char>(value);
  return text;
}

template <Struct T>
std::string raw(const T& value) {
  return std::string{text_of(bytes_of(value))};
}

// Makes text with its NUL.
inline std::string with_nul(std::string_view text) { return std::string{text} + '\0'; }

inline std::string zeroes(std::size_t count) { return std::string(count, '\0'); }

}  // namespace sluice::wire::test
