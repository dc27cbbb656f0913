// SPDX-License-Identifier: MIT
// The texts of a request, which end with a NUL; see reader.h.
#include "sluice/wire/reader.h"

#include <algorithm>

namespace sluice::wire {
namespace {

// Gives the length of the text at the front without its NUL; EIO when there is no NUL within
// `most` bytes.
Result<std::size_t> text_size(Bytes bytes, std::size_t most) noexcept {
  const Bytes seen = bytes.first(std::min(bytes.size(), most));
  if (seen.empty()) return fail(EIO);
  const void* nul = std::memchr(seen.data(), 0, seen.size());
  if (nul == nullptr) return fail(EIO);
  return static_cast<std::size_t>(static_cast<const std::byte*>(nul) - seen.data());
}

}  // namespace

Result<Name> Reader::take_name() noexcept {
  const std::size_t size = TRY(text_size(payload_, kMaxName + 1));
  const Name name = TRY(Name::from(payload_.first(size + 1)));
  advance(size + 1);
  return name;
}

Result<std::string_view> Reader::take_text() noexcept {
  const std::size_t size = TRY(text_size(payload_, payload_.size()));
  return text_of(advance(size + 1)).substr(0, size);
}

}  // namespace sluice::wire
