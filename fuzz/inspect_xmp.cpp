// SPDX-License-Identifier: MIT
// Looks for positions in XMP packets, in whatever encoding they begin.
#include "inspect_media.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::inspect::fuzz;
  look_for_positions(std::string(data, data + size));
  return 0;
}
