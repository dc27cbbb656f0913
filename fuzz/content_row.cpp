// SPDX-License-Identifier: MIT
// Feeds bytes to what reads a row of the file that findings are kept in. The first byte says
// whether the checksum is a right one: without it bytes are never anything; with it they are
// findings of the whole file, that are written as the same bytes again, or nothing.
#include <cstdint>
#include <cstdlib>

#include "sluice/content/cache_database.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::content;
  sluice::Bytes bytes{reinterpret_cast<const std::byte*>(data), size};
  if (bytes.empty()) return 0;
  const bool fits = bytes.front() == std::byte{'s'};
  bytes = bytes.subspan(1);
  const sluice::Bytes key = sluice::bytes_of(std::string_view{"the key of a row"});
  const std::vector<std::byte> sum = checksum(key, bytes);
  if (!fits) {
    const std::size_t length = bytes.size() < sum.size() ? bytes.size() : sum.size();
    must(!findings_in(key, bytes.subspan(length), bytes.first(length)));
    must(!findings_in(key.first(key.size() - 1), bytes, sum));
    return 0;
  }
  const auto findings = findings_in(key, bytes, sum);
  if (!findings) return 0;
  must(findings->outcome == Outcome::whole);
  must(findings->encode() == std::vector<std::byte>{bytes.begin(), bytes.end()});
  return 0;
}
