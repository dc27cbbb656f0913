// SPDX-License-Identifier: MIT
// The first open of files that were just made: what it costs that something has to look into them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::bench {

struct FreshFiles {
  enum class Holds : std::uint8_t { nothing, secret };

  std::size_t bytes = 0;  // of each
  unsigned count = 0;
  Holds holds = Holds::nothing;

  std::string name() const;
};

inline constexpr std::array kFreshFiles{
    FreshFiles{4096, 200, FreshFiles::Holds::nothing},
    FreshFiles{std::size_t{1} << 20, 20, FreshFiles::Holds::nothing},
    FreshFiles{4096, 200, FreshFiles::Holds::secret},
    FreshFiles{std::size_t{1} << 20, 20, FreshFiles::Holds::secret},
};

}  // namespace sluice::bench
