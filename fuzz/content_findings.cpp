// SPDX-License-Identifier: MIT
// Feeds bytes to the reader of findings, which a cache or a worker gave. What it takes is within its
// limits and is written as the same bytes again.
#include <cstdint>
#include <cstdlib>

#include "sluice/content/findings.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::content;
  const sluice::Bytes code{reinterpret_cast<const std::byte*>(data), size};
  const auto findings = Findings::decode(code);
  if (!findings) return 0;
  must(findings->detectors.size() <= Findings::kMostDetectors);
  must(findings->spots.size() <= Findings::kMostSpots);
  must(findings->spots.size() <= findings->spots_in_all);
  for (const Spot& spot : findings->spots) must(spot.detector < findings->detectors.size());
  for (const std::string& detector : findings->detectors) must(findings->has(detector));
  const auto again = findings->encode();
  must(std::vector<std::byte>{code.begin(), code.end()} == again);
  return 0;
}
