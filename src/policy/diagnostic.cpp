// SPDX-License-Identifier: MIT
#include "sluice/policy/diagnostic.h"

#include <fmt/format.h>

#include "sluice/policy/words.h"

namespace sluice::policy {

std::string Diagnostic::line_text() const {
  std::string all = file;
  if (line > 0) all += fmt::format(":{}", line);
  if (line > 0 && column > 0) all += fmt::format(":{}", column);
  if (!all.empty()) all += ": ";
  if (severity == Severity::warning) all += "warning: ";
  return all + text;
}

std::string text_of(const Diagnostics& diagnostics) {
  std::string all;
  for (const Diagnostic& diagnostic : diagnostics) all += diagnostic.line_text() + "\n";
  return all;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 80;
  std::string out = "`";
  std::size_t at = 0;
  while (at < text.size() && at < kMost) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
      ++at;
    } else {
      out += text.substr(at, length);
      at += length;
    }
  }
  return out + (at < text.size() ? "...`" : "`");
}

}  // namespace sluice::policy
