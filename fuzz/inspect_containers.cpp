// SPDX-License-Identifier: MIT
// Looks inside of any bytes as a container: of a kind that they say themselves, and as a pack whose
// index is the part behind a length in the first two bytes. It ends within its budget.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sluice/inspect/git.h"

namespace {

using namespace sluice;
using namespace sluice::inspect;

constexpr ContainerLimits kLimits{.depth = 3, .member_bytes = 1 << 16, .findings = 20};

void must(bool condition) {
  if (!condition) std::abort();
}

const Detectors& detectors() {
  static const Detectors all = [] {
    Rule rule;
    rule.id = "tok";
    rule.regex = "tok_[a-z]{4}";
    std::vector<RuleSet> sets;
    sets.push_back({"t", {rule}, {}});
    auto compiled = Detectors::compile(std::move(sets));
    must(compiled.has_value());
    return std::move(*compiled);
  }();
  return all;
}

void check(const Contents& contents) {
  must(contents.inside.size() <= kLimits.findings);
  must((contents.opened == Opened::found) == !contents.inside.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Scanner scanner{detectors()};
  const Bytes bytes = std::as_bytes(std::span{data, size});
  Budget budget{1 << 20, 1 << 20};
  check(look_inside(bytes, "f", scanner, budget, kLimits));
  if (size < 2) return 0;
  const std::size_t pack = std::min<std::size_t>(data[0] * 256U + data[1], size - 2);
  Budget another{1 << 20, 1 << 20};
  check(look_inside_pack(bytes.subspan(2, pack), bytes.subspan(2 + pack), "p", scanner, another,
                         kLimits));
  return 0;
}
