// SPDX-License-Identifier: MIT
// For tests with GoogleTest: one line that asks a kernel whether the server kept to the protocol.
// The library itself needs no test framework.
#pragma once

#include <gtest/gtest.h>

#include "sluice/testkit/kernel.h"

namespace sluice::testkit {

// Fails the test with each breach that was recorded.
inline void expect_no_breach(const Kernel& kernel) {
  for (const std::string& line : kernel.breaches()) ADD_FAILURE() << "breach: " << line;
}

// Says that exactly one breach was recorded, that it has `part` in it, and forgets it.
inline void expect_breach(Kernel& kernel, std::string_view part) {
  const auto lines = kernel.breach_list().take();
  EXPECT_EQ(lines.size(), 1U);
  for (const std::string& line : lines) {
    EXPECT_NE(line.find(part), std::string::npos) << "breach: " << line;
  }
}

}  // namespace sluice::testkit
