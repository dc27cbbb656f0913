// SPDX-License-Identifier: MIT
// The rules a directory entry's name must keep; see name.h.
#include "sluice/wire/name.h"

#include <cstring>

namespace sluice::wire {

Result<Name> Name::from(const char* text_with_nul) noexcept {
  return checked(text_with_nul, ::strnlen(text_with_nul, kMaxName + 1));
}

Result<Name> Name::from(Bytes with_nul) noexcept {
  if (with_nul.empty() || with_nul.back() != std::byte{0}) return fail(EIO);
  const std::string_view text = text_of(with_nul.first(with_nul.size() - 1));
  if (text.find('\0') != text.npos) return fail(EIO);
  return checked(text.data(), text.size());
}

Result<Name> Name::checked(const char* text, std::size_t size) noexcept {
  const std::string_view view{text, size};
  if (view.empty() || view.size() > kMaxName) return fail(EIO);
  if (view == "." || view == ".." || view.find('/') != view.npos) return fail(EIO);
  return Name{text, size};
}

}  // namespace sluice::wire
