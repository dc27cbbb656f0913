// SPDX-License-Identifier: MIT
// What a mount's kernel and privileges allow, each with why it is off and what that costs, for the
// lines a person reads at mount and in `status`.
#pragma once

#include <string>
#include <vector>

namespace sluice::mirror {

struct Feature {
  std::string name;
  bool on = false;
  std::string why;   // with off: the reason, one clause
  std::string cost;  // with off: what that costs, one clause
};

struct Features {
  std::vector<Feature> all;
  const Feature* find(const std::string& name) const noexcept {
    for (const Feature& feature : all) {
      if (feature.name == name) return &feature;
    }
    return nullptr;
  }
};

}  // namespace sluice::mirror
