// SPDX-License-Identifier: MIT
// Patterns of paths, in gitignore's pattern syntax, taken apart into patterns of single names.
//
// A `/` that leads or stands inside anchors the pattern at the root; else it may match at any
// depth. `**` as a whole component stands for any number of directories, at the end for whatever is
// inside. A trailing `/` lets it match directories only. A match covers everything below.
// Names are bytes: `?` and a class match one byte, as git has it. Matching is case-sensitive.
// source: git Documentation/gitignore.txt, wildmatch.c
#pragma once

#include <bitset>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

using ByteSet = std::bitset<256>;

// The pattern of one name: elements, each of which takes one byte, with stars between them.
struct NamePattern {
  std::vector<ByteSet> elements;
  std::vector<bool> star_before;  // one more than elements: the last stands at the end
  std::string literal;            // the name itself, where each element is one byte and no star
  bool is_literal = true;

  // Tells whether it matches every name: a star alone.
  bool is_any() const noexcept { return elements.empty() && star_before.front(); }
  // Gives bytes that are equal for two patterns exactly if they are written alike.
  std::string key() const;
};

struct GlobComponent {
  NamePattern name;
  bool globstar_before = false;  // any number of directories may stand before it
};

struct Glob {
  std::vector<GlobComponent> components;  // at least one
  bool directory_only = false;
};

struct GlobError {
  std::size_t offset = 0;  // of the byte at fault
  std::string text;        // what is wrong with it, such as "`[` is never closed"
};

inline constexpr std::size_t kMaxGlobBytes = 4096;
inline constexpr std::size_t kMaxGlobComponents = 64;

// Gives the parts of a pattern; a leading `!` must have been taken off (`\!` is the byte itself).
std::expected<Glob, GlobError> parse_glob(std::string_view text);

}  // namespace sluice::policy
