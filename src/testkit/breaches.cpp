// SPDX-License-Identifier: MIT
#include "sluice/testkit/breaches.h"

#include <utility>

namespace sluice::testkit {

void Breaches::add(std::string line) {
  std::lock_guard lock{mutex_};
  lines_.push_back(std::move(line));
}

std::vector<std::string> Breaches::all() const {
  std::lock_guard lock{mutex_};
  return lines_;
}

std::vector<std::string> Breaches::take() {
  std::lock_guard lock{mutex_};
  return std::exchange(lines_, {});
}

}  // namespace sluice::testkit
