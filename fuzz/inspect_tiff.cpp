// SPDX-License-Identifier: MIT
// Looks for positions in TIFF, in either order of bytes: directories, maker notes, packets.
#include "inspect_media.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::inspect::fuzz;
  const bool big = size > 0 && data[0] == 'M';
  look_for_positions(with_magic(data, size, 0, big ? "MM" : "II"));
  return 0;
}
