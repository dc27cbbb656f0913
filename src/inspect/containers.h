// SPDX-License-Identifier: MIT
// Secrets inside other files: gzip, zip, tar, git objects loose and packed. A hit inside has no
// place in the container's own bytes, so there is nothing to redact in place: the answer is which
// detectors found something, and a container with a hit is kept back wholly.
//
// Whatever a container says of itself, what is done is bounded: bytes that come out of it are taken
// from the same budget as bytes that are scanned, a member has a greatest size, and containers
// within containers a depth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/inspect/magic.h"
#include "sluice/inspect/scan.h"

namespace sluice::inspect {

struct ContainerLimits {
  unsigned depth = 3;                                // 1: what lies in the file itself
  std::size_t member_bytes = std::size_t{64} << 20;  // of one member, unpacked
  std::size_t findings = 1000;
};

enum class Opened : std::uint8_t {
  clean,        // all of it was looked at, and nothing was found
  found,        // something was found; what comes after it may not have been looked at
  none,         // not a container: scan it as it is
  malformed,    // not all of it could be read, nothing was found in what could
  unsupported,  // a way of packing (or encryption) that is not known here
  too_deep,
  too_large,  // a member, or all together: the budget is used up
};
std::string_view name(Opened opened) noexcept;

// Something inside of a container.
struct Inside {
  DetectorIndex detector{};
  std::string member;  // such as `a.tar.gz!home/.env`; not to be trusted, any bytes
  std::uint64_t line = 0;
};

struct Contents {
  Opened opened = Opened::none;
  Kind kind = Kind::binary;
  std::vector<Inside> inside;  // at most ContainerLimits::findings
  Opened rest = Opened::clean;  // where something was found: the worst that happened beside
};

// Looks into `file`, if it is a container of a known kind by its first bytes.
// path  what rules about paths see of members is this path, `!`, and the member's name.
Contents look_inside(Bytes file, std::string_view path, Scanner& scanner, Budget& budget,
                     const ContainerLimits& limits = {}) noexcept;

}  // namespace sluice::inspect
