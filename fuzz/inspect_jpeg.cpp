// SPDX-License-Identifier: MIT
// Looks for positions in JPEG: segments, what they hold, and what follows the image.
#include "inspect_media.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::inspect::fuzz;
  look_for_positions(with_magic(data, size, 0, "\xFF\xD8\xFF"));
  return 0;
}
