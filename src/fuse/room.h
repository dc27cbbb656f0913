// SPDX-License-Identifier: MIT
// The room a handler writes bulk answers into: a part of the channel's own reply buffer, so that
// what a read fills in is what the kernel gets.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/fuse/answers.h"

namespace sluice::fuse {

class ReadBuffer {
 public:
  // `room` is no larger than what the request may be answered with.
  explicit ReadBuffer(MutableBytes room) noexcept : room_{room} {}

  // The room itself, for a handler that fills it (pread(2), fgetxattr(2)) and answers the size.
  MutableBytes room() const noexcept { return room_; }

  // Answers the part of `whole` from `offset` that fits.
  Result<Data> slice_of(Bytes whole, std::uint64_t offset) const noexcept {
    if (offset >= whole.size()) return Data{0};
    Bytes part = whole.subspan(offset);
    std::size_t size = std::min(part.size(), room_.size());
    if (size > 0) std::memcpy(room_.data(), part.data(), size);
    return Data{size};
  }
  Result<Data> slice_of(std::string_view whole, std::uint64_t offset) const noexcept {
    return slice_of(bytes_of(whole), offset);
  }

  // Answers an attribute's value, or its size alone where that is what was asked (no room).
  // errors: ERANGE where there is room, but too little.
  Result<XattrData> value(Bytes whole) const noexcept {
    if (room_.empty()) return XattrData{whole.size()};
    if (whole.size() > room_.size()) return fail(ERANGE);
    if (!whole.empty()) std::memcpy(room_.data(), whole.data(), whole.size());
    return XattrData{whole.size()};
  }

 private:
  MutableBytes room_;
};

}  // namespace sluice::fuse
