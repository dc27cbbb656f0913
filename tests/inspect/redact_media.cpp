// SPDX-License-Identifier: MIT
// Not a test: redact_media IN OUT writes IN without positions to OUT and says what was found.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "sluice/inspect/media.h"

int main(int argc, char** argv) {
  using namespace sluice;
  using namespace sluice::inspect;
  if (argc != 3) {
    std::fprintf(stderr, "usage: redact_media IN OUT\n");
    return 2;
  }
  std::ifstream in{argv[1], std::ios::binary};
  std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  const BytesSource source{bytes_of(std::string_view{bytes})};
  Budget budget{std::uint64_t{8} << 30, std::uint64_t{1} << 30};
  Redaction redaction{bytes.size()};
  const Positions found = positions_in(source, budget, redaction);
  const std::string_view why = text(found.why);
  constexpr const char* kFindings[] = {"clean", "found", "unknown"};
  std::printf("%s: %s, %s", argv[1], std::string{name(found.media)}.c_str(),
              kFindings[static_cast<int>(found.finding)]);
  if (found.finding == Finding::unknown)
    std::printf(" (%.*s)", static_cast<int>(why.size()), why.data());
  std::printf(", %zu ranges, %llu bytes\n", redaction.ranges().size(),
              static_cast<unsigned long long>(redaction.patched()));
  redaction.apply(0, std::as_writable_bytes(std::span{bytes}));
  std::ofstream{argv[2], std::ios::binary} << bytes;
  return found.finding == Finding::unknown ? 1 : 0;
}
