// SPDX-License-Identifier: MIT
// The name of a directory entry as a request carries it: borrowed from the request's bytes, checked
// once, and from then on safe to hand to openat(2): one component, never "." or "..".
#pragma once

#include <cstddef>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/wire/protocol.h"

namespace sluice::wire {

class Name {
 public:
  // An empty name, for members that are set later; from() never gives one.
  constexpr Name() noexcept = default;

  // Gives the name in `text_with_nul`, borrowed for as long as the Name is used.
  // errors   EIO when it is empty, ".", "..", has a '/', or is longer than kMaxName bytes.
  static Result<Name> from(const char* text_with_nul) noexcept;
  // The same; the last byte must be the NUL and the only one.
  static Result<Name> from(Bytes with_nul) noexcept;

  constexpr std::string_view view() const noexcept { return {text_, size_}; }
  constexpr const char* c_str() const noexcept { return text_; }
  // In bytes, the NUL not counted.
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }

  friend constexpr bool operator==(Name a, Name b) noexcept { return a.view() == b.view(); }
  friend constexpr bool operator==(Name a, std::string_view b) noexcept { return a.view() == b; }

 private:
  constexpr Name(const char* text, std::size_t size) noexcept : text_{text}, size_{size} {}
  static Result<Name> checked(const char* text, std::size_t size) noexcept;

  // INVARIANT: text_[size_] is 0.
  const char* text_ = "";
  std::size_t size_ = 0;
};

}  // namespace sluice::wire
