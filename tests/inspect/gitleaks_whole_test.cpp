// SPDX-License-Identifier: MIT
// gitleaks' own rules, where somebody has put them: SLUICE_GITLEAKS_RULES names the file. They do
// not come with Sluice.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "text_support.h"

namespace sluice::inspect {
namespace {

TEST(GitleaksOwnRules, are_all_read_and_nearly_all_fit_the_fast_engine) {
  const char* file = std::getenv("SLUICE_GITLEAKS_RULES");
  if (file == nullptr) GTEST_SKIP() << "SLUICE_GITLEAKS_RULES names no file";
  std::ifstream in{file};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  ASSERT_FALSE(text.empty());
  ASSERT_EQ(wrong_with(text), "");
  const Detectors detectors = gitleaks_of(text);
  EXPECT_GT(detectors.size(), 150u);
  EXPECT_LT(detectors.slow().size(), 5u);
  const std::string token = "ghp_" + random_word(36);
  EXPECT_EQ(found_in(detectors, "x = '" + token + "'\n"), (Strings{"github-pat@1:" + token}));
  const std::string key = random_word(32, 7);
  EXPECT_EQ(found_in(detectors, "api_key = '" + key + "'\n"),
            (Strings{"generic-api-key@1:" + key}));
  EXPECT_EQ(found_in(detectors, "api_key = '" + key + "'\n", "node_modules/x.js"), Strings{});
}

}  // namespace
}  // namespace sluice::inspect
