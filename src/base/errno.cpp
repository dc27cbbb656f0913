// SPDX-License-Identifier: MIT
#include "sluice/base/errno.h"

#include <array>
#include <cstring>
#include <string>

namespace sluice {

std::string_view name(Errno error) noexcept {
  const char* symbol = ::strerrorname_np(error.value());
  return symbol != nullptr ? symbol : "E?";
}

std::string_view text(Errno error) noexcept {
  // strerror's texts begin with a capital; ours stand inside sentences. Made once, never freed.
  static const auto* texts = [] {
    auto* made = new std::array<std::string, kMaxErrno + 1>;
    for (int i = 1; i <= kMaxErrno; ++i) {
      const char* words = ::strerrordesc_np(i);
      std::string& line = (*made)[static_cast<std::size_t>(i)];
      line = words != nullptr ? words : "unknown error";
      if (line.size() > 1 && line[1] >= 'a' && line[1] <= 'z') {
        line[0] = static_cast<char>(line[0] | 0x20);
      }
    }
    return made;
  }();
  return (*texts)[static_cast<std::size_t>(error.value())];
}

}  // namespace sluice
