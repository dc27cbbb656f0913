// SPDX-License-Identifier: MIT
// Looks for positions in WebP: chunks of RIFF.
#include "inspect_media.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::inspect::fuzz;
  std::string bytes = with_magic(data, size, 0, "RIFF");
  if (bytes.size() >= 12) bytes.replace(8, 4, "WEBP");
  look_for_positions(bytes);
  return 0;
}
