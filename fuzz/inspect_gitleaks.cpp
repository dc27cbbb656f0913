// SPDX-License-Identifier: MIT
// Feeds text to the reader of gitleaks' format, as a file and as one that extends itself. It ends
// in rules that pass their own check, or in lines for a person.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sluice/inspect/gitleaks.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string text(data, data + size);
  const auto itself = [&text](std::string_view) -> Result<std::string, Error> { return text; };
  const auto read = inspect::read_gitleaks({"g.toml", text, "g", {}}, itself);
  if (!read) {
    must(!read.error().empty());
    for (const Error& error : read.error()) must(!error.line().empty());
    return 0;
  }
  for (const inspect::Rule& rule : read->rules.rules) must(inspect::check(rule).has_value());
  for (const inspect::Allowlist& allowlist : read->rules.allowlists) {
    must(inspect::check(allowlist).has_value());
  }
  return 0;
}
