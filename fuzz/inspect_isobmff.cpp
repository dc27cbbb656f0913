// SPDX-License-Identifier: MIT
// Looks for positions in files made of boxes: metadata, items, tracks, fragments.
#include "inspect_media.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::inspect::fuzz;
  look_for_positions(with_magic(data, size, 4, "ftyp"));
  return 0;
}
