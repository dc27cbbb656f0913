// SPDX-License-Identifier: MIT
#include "sluice/daemon/announce.h"

#include <fmt/format.h>

#include <cstdio>

namespace sluice::daemon {

std::string printable(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\{:03o}", byte);
    else
      out += c;
  }
  return out;
}

void tell(std::string_view line) {
  const std::string text = "sluice: " + printable(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void tell_usage(const Error& error, std::string_view command) {
  // A question is help enough.
  if (error.line().ends_with('?')) return tell(error.line());
  tell(fmt::format("{}; see `{} --help`", error.line(), command));
}

std::string line_of(const mirror::Feature& feature) {
  return fmt::format("{} is off: {}; {}", feature.name, feature.why, feature.cost);
}

}  // namespace sluice::daemon
