// SPDX-License-Identifier: MIT
#include "sluice/bench/quote.h"

namespace sluice::bench {

std::string shell_quoted(std::string_view text) {
  std::string quoted{'\''};
  quoted += replaced(text, "'", "'\\''");
  quoted += '\'';
  return quoted;
}

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string markdown_escaped(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\n' || c == '\r') {
      escaped += ' ';
      continue;
    }
    if (std::string_view{"\\|*_`<>["}.contains(c)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string replaced(std::string_view text, std::string_view marker, std::string_view value) {
  std::string result;
  while (!marker.empty()) {
    std::size_t at = text.find(marker);
    if (at == std::string_view::npos) break;
    result += text.substr(0, at);
    result += value;
    text.remove_prefix(at + marker.size());
  }
  result += text;
  return result;
}

}  // namespace sluice::bench
