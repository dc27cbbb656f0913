// SPDX-License-Identifier: MIT
#include "sluice/daemon/policy_tests.h"

namespace sluice::daemon {

std::vector<policy::TestResult> run_policy_tests(const policy::Program& program) {
  std::vector<policy::TestResult> results = policy::run_tests(program);
  std::erase_if(results,
                [](const policy::TestResult& result) { return result.test->file.has_value(); });
  return results;
}

}  // namespace sluice::daemon
