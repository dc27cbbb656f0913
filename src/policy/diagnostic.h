// SPDX-License-Identifier: MIT
// Where in a policy something stands, and what is wrong there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

// A position in a policy's text. Lines and columns count from 1; 0 where there is none.
struct Location {
  std::uint32_t file = 0;  // index into Document::files
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Location&, const Location&) noexcept = default;
};

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;  // what is wrong and what to do; no position, no full stop

  // Gives "FILE:LINE:COLUMN: TEXT", without the parts that are 0; "warning: " before the text of
  // one.
  std::string line_text() const;
};

using Diagnostics = std::vector<Diagnostic>;

// Gives the lines of all of them, each ended by a newline.
std::string text_of(const Diagnostics& diagnostics);

// Quotes what came from a policy for a message: in backticks, control bytes and whatever is not
// UTF-8 as \xNN, cut after 80 bytes.
std::string quoted(std::string_view text);

}  // namespace sluice::policy
