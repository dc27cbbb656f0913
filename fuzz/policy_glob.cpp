// SPDX-License-Identifier: MIT
// Feeds patterns and a path: the first line is the path, each other line a pattern. The patterns as
// one rule must say the same as git's rule applied pattern by pattern: taken in if one that adds
// takes it in and none that subtracts does.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/policy/explain.h"
#include "sluice/policy/load.h"

namespace {

using namespace sluice::policy;

void must(bool condition) {
  if (!condition) std::abort();
}

// Gives a policy of one rule, made without text: patterns may hold any bytes.
std::expected<Program, Diagnostics> hiding(const std::vector<GlobText>& globs) {
  Document document;
  document.files.emplace_back("p");
  Rule rule;
  rule.id = "r";
  rule.paths = globs;
  rule.values.put(Axis::see, 1);
  document.rules.push_back(std::move(rule));
  for (std::size_t i = 0; i < kAxes; ++i) document.defaults.put(static_cast<Axis>(i), 0);
  return compile(std::move(document));
}

bool hides(const Program& program, std::string_view path) {
  return program.terms(walk(program, path).place, kAnyone).grant.see == See::no;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  const std::string_view path = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(path.size() + 1, text.size()));
  std::vector<GlobText> all;
  bool plus = false, minus = false;
  while (!text.empty() && all.size() < 8) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool subtracts = line.starts_with('!');
    if (subtracts) line.remove_prefix(1);
    const GlobText glob{std::string{line}, subtracts, {}};
    const auto alone = hiding({GlobText{glob.text, false, {}}});
    if (!alone) continue;
    (subtracts ? minus : plus) |= hides(*alone, path);
    all.push_back(glob);
  }
  const auto together = hiding(all);
  must(together.has_value());
  must(hides(*together, path) == (plus && !minus));
  return 0;
}
