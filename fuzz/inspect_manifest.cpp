// SPDX-License-Identifier: MIT
// Feeds text to the reader of manifests. What it takes gives sorted ranges that are apart, within
// what a file can have, and a redaction that stays within the file.
#include <cstdint>
#include <cstdlib>

#include "sluice/inspect/manifest.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::inspect;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto manifest = Manifest::read("m", text);
  if (!manifest) {
    must(manifest.error().line().starts_with("m:"));
    return 0;
  }
  manifest->each([&](const std::string& path, std::span<const Range> ranges) {
    must(!path.empty() && path.front() != '/' && !ranges.empty());
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      must(ranges[i].length > 0 && ranges[i].end() > ranges[i].offset);
      must(i == 0 || ranges[i].offset > end);
      end = ranges[i].end();
    }
    Redaction redaction{1000};
    must(manifest->redact(path, std::byte{0}, redaction) == Added::yes);
    for (const Range range : redaction.ranges()) must(range.end() <= 1000);
  });
  return 0;
}
