// SPDX-License-Identifier: MIT
// The path by which calls that take no O_PATH descriptor reach its file all the same. A link in
// /proc leads to the file itself, also where that is a symbolic link or has no name.
#pragma once

#include <array>
#include <charconv>

namespace sluice::mirror {

class ProcPath {
 public:
  explicit ProcPath(int fd) noexcept {
    const auto end = std::to_chars(text_.data() + kPrefix, text_.data() + text_.size() - 1, fd);
    *end.ptr = '\0';
  }
  const char* c_str() const noexcept { return text_.data(); }

 private:
  static constexpr std::size_t kPrefix = sizeof("/proc/self/fd/") - 1;
  std::array<char, 32> text_{"/proc/self/fd/"};
};

}  // namespace sluice::mirror
