// SPDX-License-Identifier: MIT
// Looks for positions in PNG: chunks, packed texts, checksums.
#include "inspect_media.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::inspect::fuzz;
  look_for_positions(with_magic(data, size, 0, "\x89PNG\r\n\x1A\n"));
  return 0;
}
