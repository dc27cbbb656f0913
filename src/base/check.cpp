// SPDX-License-Identifier: MIT
#include "sluice/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sluice::detail {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "sluice: broken invariant `%s` at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace sluice::detail
