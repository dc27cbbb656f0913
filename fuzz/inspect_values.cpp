// SPDX-License-Identifier: MIT
// Redacts the values of any text in a format that the first byte chooses. The length stays, line
// ends stay, and each other byte is what it was or one of the two fills.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sluice/inspect/values.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::inspect;
  if (size == 0) return 0;
  const auto format = static_cast<Format>(data[0] % 6);
  const std::string text(data + 1, data + size);
  Redaction redaction{text.size()};
  Budget budget{std::uint64_t{1} << 30, std::uint64_t{1} << 30};
  must(redact_values(bytes_of(std::string_view{text}), format, budget, redaction) == Redacted::yes);
  std::string out = text;
  redaction.apply(0, std::as_writable_bytes(std::span{out}));
  must(out.size() == text.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    must(is_line_end(out[i]) == is_line_end(text[i]));
    must(out[i] == text[i] || out[i] == 'x' || out[i] == '1');
  }
  return 0;
}
