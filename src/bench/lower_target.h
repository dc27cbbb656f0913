// SPDX-License-Identifier: MIT
// The lower directory itself: what all others are compared with.
#pragma once

#include "sluice/bench/target.h"

namespace sluice::bench {

class LowerTarget final : public Target {
 public:
  explicit LowerTarget(std::string directory, std::string name = "lower")
      : Target{std::move(name), std::move(directory)} {}
  Result<void, Error> setup() override { return {}; }
  Result<void, Error> teardown() override { return {}; }
};

}  // namespace sluice::bench
