// SPDX-License-Identifier: MIT
// Private to content: values as bytes and back. The reader trusts nothing: a number, a text or a
// list that the bytes do not hold makes all that follows empty, and ok() false.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sluice/base/bytes.h"

namespace sluice::content {

class CodeWriter {
 public:
  template <class Number>
    requires std::is_arithmetic_v<Number>
  void number(Number value) { raw(bytes_of(value)); }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void word(Enum value) { number(static_cast<std::underlying_type_t<Enum>>(value)); }
  void text(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    raw(bytes_of(text));
  }
  void bytes(Bytes bytes) {
    number(static_cast<std::uint64_t>(bytes.size()));
    raw(bytes);
  }
  void raw(Bytes bytes) {
    const std::size_t at = code_.size();
    code_.resize(at + bytes.size());
    if (!bytes.empty()) std::memcpy(code_.data() + at, bytes.data(), bytes.size());
  }

  std::size_t size() const noexcept { return code_.size(); }
  std::vector<std::byte> finish() && { return std::move(code_); }

 private:
  std::vector<std::byte> code_;
};

class CodeReader {
 public:
  explicit CodeReader(Bytes code) noexcept : rest_{code} {}

  bool ok() const noexcept { return ok_; }
  // Tells whether all was read, and nothing was wrong.
  bool done() const noexcept { return ok_ && rest_.empty(); }
  void refuse() noexcept {
    ok_ = false;
    rest_ = {};
  }

  template <class Number>
    requires std::is_arithmetic_v<Number> Number number()
  noexcept {
    Number value{};
    const Bytes from = raw(sizeof value);
    if (from.size() == sizeof value) std::memcpy(&value, from.data(), sizeof value);
    return value;
  }
  // An enumerator up to `last`.
  template <class Enum>
    requires std::is_enum_v<Enum> Enum word(Enum last)
  noexcept {
    const auto value = number<std::underlying_type_t<Enum>>();
    if (value <= static_cast<std::underlying_type_t<Enum>>(last)) return Enum{value};
    refuse();
    return Enum{};
  }
  bool flag() noexcept {
    const auto value = number<std::uint8_t>();
    if (value > 1) refuse();
    return value == 1;
  }
  std::string_view text(std::size_t longest) noexcept {
    const auto size = number<std::uint32_t>();
    if (size > longest) refuse();
    return text_of(raw(ok_ ? size : 0));
  }
  Bytes bytes(std::size_t most) noexcept {
    const auto size = number<std::uint64_t>();
    if (size > most) refuse();
    return raw(ok_ ? static_cast<std::size_t>(size) : 0);
  }
  // How many things follow, each of `least` bytes or more.
  std::size_t count(std::size_t most, std::size_t least) noexcept {
    const auto count = number<std::uint32_t>();
    if (count > most || count > rest_.size() / least) refuse();
    return ok_ ? count : 0;
  }
  Bytes raw(std::size_t size) noexcept {
    if (size > rest_.size()) refuse();
    if (!ok_) return {};
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

 private:
  Bytes rest_;
  bool ok_ = true;
};

}  // namespace sluice::content
