// SPDX-License-Identifier: MIT
// Feeds bytes to what takes a file of the cache of compiled policies apart. What it accepts must be
// the same when written again.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sluice/daemon/cache_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  const auto file = sluice::daemon::read_cache_file(bytes);
  if (file && sluice::daemon::write_cache_file(*file) != bytes) std::abort();
  return 0;
}
